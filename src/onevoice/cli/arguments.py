"""What the command line takes. Each command names the function that does it; it is loaded when it is asked for."""

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from onevoice.domains.access.contracts import FOR_KEYS, ROLES

DEFAULT_HOME = Path(".onevoice")
DEFAULT_PORT = 8600


class Commands(Protocol):
    """What argparse gives to add commands to; its own name for it is private."""

    def add_parser(self, name: str, *, help: str, description: str | None = None) -> argparse.ArgumentParser: ...  # noqa: A002


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="onevoice", description="One customer, whichever door they came in by.")
    made.add_argument("--version", action="version", version=f"onevoice {version('onevoice')}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    _running(commands)
    explained = _add(commands, "explain", "once.explain", "why a message was sent, or was not")
    explained.add_argument("message", type=int, help="the message's number, as the console and the API show it")
    _add(commands, "verify", "once.verify", "derive every record of a decision again, and check the chains they form")
    _add(commands, "doctor", "once.doctor", "check this installation and say what is wrong")
    _keys(_group(commands, "keys", "API keys"))
    _accounts(_group(commands, "accounts", "accounts at providers"))
    _users(_group(commands, "users", "people who log in"))
    _import(_group(commands, "import", "files"))
    _db(_group(commands, "db", "the database"))
    return made


def _group(commands: Commands, name: str, about: str) -> Commands:
    return commands.add_parser(name, help=about).add_subparsers(required=True, metavar="COMMAND")


def _add(commands: Commands, name: str, run: str, about: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about)
    command.add_argument(
        "--home", type=Path, default=DEFAULT_HOME, help="folder that holds this installation (default ./.onevoice)"
    )
    command.set_defaults(run=run)
    return command


def _running(commands: Commands) -> None:
    _listening(_add(commands, "serve", "running.serve", "run everything: database, API, worker, console"))
    _listening(
        _add(commands, "api", "running.run_api", "run the API and console alone, on a database that runs already")
    )
    _add(commands, "worker", "running.run_worker", "run the worker alone, on a database that runs already")
    _add(commands, "sender", "running.run_sender", "run a sender alone, on a database that runs already")
    demo = _add(commands, "demo", "running.demo", "run everything with a shop's invented customers in it")
    _listening(demo)
    demo.add_argument("--small", action="store_true", help="load only what the first minute needs")


def _listening(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    command.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port (default {DEFAULT_PORT})")


def _keys(keys: Commands) -> None:
    create = _add(keys, "create", "once.keys_create", "make a key and print it alone; it is shown this once")
    create.add_argument("scope", choices=["write", "secret"], help="write: sends events; secret: reads and changes")
    create.add_argument("--name", required=True, help="what it is for; of a write key also the source's name")
    create.add_argument("--channel", help="door its events come by, such as site, app, shop (write keys)")
    create.add_argument("--site", default="main", help="site its events belong to (write keys)")
    create.add_argument(
        "--allow", action="append", choices=sorted(FOR_KEYS), help="what a secret key may do; may be given often"
    )


def _accounts(accounts: Commands) -> None:
    account = _add(
        accounts, "connect", "once.accounts_connect", "try settings of a channel, and keep them when they work"
    )
    account.add_argument("channel", help="such as email or telegram")
    account.add_argument("settings", type=Path, help="file of its settings as a JSON object; - reads standard input")
    account.add_argument("--name", default="main", help="what it is called; one of this name takes the settings over")
    account.add_argument("--site", default="main", help="site that it speaks for")
    _add(accounts, "list", "once.accounts_list", "list them, with what is wrong with each")


def _users(users: Commands) -> None:
    user = _add(
        users, "create", "once.users_create", "make an account; the password is asked for, or read from standard input"
    )
    user.add_argument("--login", required=True, help="e-mail address to log in with")
    user.add_argument("--name", help="name that colleagues see (default: the login)")
    user.add_argument("--role", choices=ROLES, default="operator")
    user.add_argument("--language", choices=["en", "ru", "pl"], default="en")


def _import(imports: Commands) -> None:
    file = _add(imports, "events", "importing.import_events", "import a file of events; stopped, it goes on from there")
    file.add_argument(
        "file",
        type=Path,
        help="lines of JSON (.ndjson, .jsonl), a table (.csv, .tsv; each may end in .gz) or a workbook (.xlsx)",
    )
    file.add_argument("--source", required=True, help="name of the source its events belong to")
    file.add_argument("--format", choices=["ndjson", "csv", "xlsx"], help="where the file's name does not tell")
    file.add_argument("--encoding", default="utf-8", help="of the text, such as cp1250 or cp1251 (default utf-8)")
    file.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="where a column of a table goes, such as 'E-mail=traits.email'; with nothing behind = it is left out",
    )
    file.add_argument("--zone", default="UTC", help="of times that name none, such as Europe/Warsaw (default UTC)")
    file.add_argument("--sheet", help="of a workbook, where it is not the first")
    file.add_argument(
        "--content",
        choices=["events", "customers", "orders"],
        default="events",
        help="what a row is: an event as its columns say, a customer, or an order (default events)",
    )
    file.add_argument("--dry-run", action="store_true", help="read it all, say what would come of it, take nothing")
    file.add_argument("--again", action="store_true", help="from the beginning, also where it was imported before")


def _db(database: Commands) -> None:
    _add(database, "upgrade", "once.db_upgrade", "bring the schema to this version")
    dump = _add(database, "dump", "once.db_dump", "write all of the database into one file; it may be in use meanwhile")
    dump.add_argument("file", type=Path, help="file to write; it must not exist yet")
    load = _add(database, "load", "once.db_load", "load such a file into a database that holds no installation yet")
    load.add_argument("file", type=Path, help="file that `onevoice db dump` wrote")
