"""What commands open before they do anything: the home, its database, the installation in it."""

import argparse
import contextlib
import os
from collections.abc import Generator

from onevoice import bootstrap
from onevoice.kit import db
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home, external_database_url
from onevoice.kit.postgres import Cluster, reachable


def home_of(options: argparse.Namespace) -> Home:
    home = Home(options.home)
    home.prepare()
    return home


@contextlib.contextmanager
def database(options: argparse.Namespace) -> Generator[str]:
    """The database of a home, running for as long as the block lasts, with its schema as it is."""
    with reachable(home_of(options), external_database_url(os.environ)) as url:
        yield url


@contextlib.contextmanager
def installed_at(options: argparse.Namespace) -> Generator["bootstrap.Installation"]:
    home = home_of(options)
    with database(options) as url:
        if not external_database_url(os.environ):
            db.upgrade(url)  # a home of our own is brought up to date by whoever opens it first
        installed = bootstrap.installation(url, home.secrets(SystemChance()), name="cli", max_connections=4)
        try:
            yield installed
        finally:
            installed.database.close()


def running_url(options: argparse.Namespace) -> str:
    """For a process that does not start the database itself: the parent's, the external one, or the home's."""
    return os.environ.get("ONEVOICE_RUNNING_URL") or external_database_url(os.environ) or Cluster(home_of(options)).url


def upgrade(url: str) -> None:
    adopted = bootstrap.upgrade(url)
    if adopted is not None:
        say(
            f"The log was loaded from a dump: {adopted.frames} requests are this cluster's now,"
            f" {adopted.unread} of them still to be linked."
        )


def say(text: str) -> None:
    print(text, flush=True)
