"""Commands that do one thing and end."""

import argparse
import errno
import getpass
import json
import os
import sys

from onevoice import bootstrap
from onevoice.cli.opening import database, home_of, installed_at, say, upgrade
from onevoice.domains.access.contracts import COMMAND_LINE
from onevoice.domains.delivery.service.accounts import AccountCreate
from onevoice.kit import db
from onevoice.kit.home import Home


def explain(options: argparse.Namespace) -> None:
    with installed_at(options) as installed:
        for line in bootstrap.explain(installed, options.message):
            print(line)


def verify(options: argparse.Namespace) -> None:
    holds = True
    with installed_at(options) as installed:
        for fine, line in bootstrap.verify(installed):
            holds = fine
            print(line)
    if not holds:
        raise SystemExit(1)


def keys_create(options: argparse.Namespace) -> None:
    with installed_at(options) as installed:
        key = bootstrap.create_key(
            installed,
            scope=options.scope,
            name=options.name,
            channel=options.channel,
            site=options.site,
            permissions=options.allow,
        )
    print(key)


def accounts_connect(options: argparse.Namespace) -> None:
    try:
        text = sys.stdin.read() if str(options.settings) == "-" else options.settings.read_text("utf-8")
        given = json.loads(text)
    except (OSError, ValueError) as error:
        raise bootstrap.UnusableSettingError(f"The settings cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise bootstrap.UnusableSettingError("The settings must be one JSON object, a name with its value each.")
    settings = bootstrap.sending_settings(os.environ)
    with installed_at(options) as installed:
        wanted = AccountCreate(options.channel, options.name, options.site, given)
        made = bootstrap.connect_account(installed, settings, wanted, actor=COMMAND_LINE.label)
    then = "but is paused; resume it in Settings, Channels" if made.paused else "and is used from now on"
    say(f"{made.channel} {made.name!r} of {made.site} works, {then}.")


def accounts_list(options: argparse.Namespace) -> None:
    with installed_at(options) as installed:
        for each in bootstrap.connected_accounts(installed):
            state = ", ".join(filter(None, ["paused" if each.paused else "", each.trouble])) or "works"
            print(f"{each.id}\t{each.channel}\t{each.site}\t{each.name}\t{state}")


def users_create(options: argparse.Namespace) -> None:
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with installed_at(options) as installed:
        bootstrap.create_account(
            installed,
            login=options.login,
            name=options.name or options.login,
            password=password,
            role=options.role,
            language=options.language,
        )
    say(f"{options.login} may now log in as {options.role}.")


def db_upgrade(options: argparse.Namespace) -> None:
    with database(options) as url:
        bootstrap.probe(url)
        upgrade(url)
    say(f"The schema is at {db.HEAD}.")


def db_dump(options: argparse.Namespace) -> None:
    if options.file.exists():
        raise FileExistsError(errno.EEXIST, "Name a file that does not exist yet", str(options.file))
    with database(options) as url:
        bootstrap.dump(url, options.file)
    say(f"{options.file} holds the database, but not {Home(options.home).path / 'secrets.json'}: keep that too.")


def db_load(options: argparse.Namespace) -> None:
    with database(options) as url:
        bootstrap.load(url, options.file)
        upgrade(url)
    say(f"{options.file} is loaded.")
    secrets = Home(options.home).path / "secrets.json"
    if not secrets.exists():
        say(f"Before you serve it, put the secrets that belong to it at {secrets}: without them nobody is found.")


def doctor(options: argparse.Namespace) -> None:
    failed = False
    home = home_of(options)
    with database(options) as url:
        for check in bootstrap.examine(url, home):
            failed |= not check.passed
            say(f"{'ok  ' if check.passed else 'FAIL'}  {check.what}")
    if failed:
        sys.exit(1)
