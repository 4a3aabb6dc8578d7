"""The command line. A stable contract: docs/reference/command-line.md."""

import argparse
import contextlib
import errno
import getpass
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from onevoice import api, bootstrap, sender, worker
from onevoice.domains.access.contracts import COMMAND_LINE, FOR_KEYS, ROLES
from onevoice.domains.delivery.service.accounts import AccountCreate
from onevoice.domains.imports.contracts import ImportReport
from onevoice.kit import db
from onevoice.kit.chance import SystemChance, token
from onevoice.kit.clock import SystemClock
from onevoice.kit.errors import DomainError
from onevoice.kit.home import Home, external_database_url
from onevoice.kit.postgres import Cluster, reachable
from onevoice.kit.supervisor import (
    Child,
    HomeInUseError,
    Supervisor,
    child_command,
    child_environ,
    die_with_parent,
    require_free_port,
)
from onevoice.kit.telemetry import configure_logging

DEFAULT_HOME = Path(".onevoice")
DEFAULT_PORT = 8600
READY_SECONDS = 90.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; its failure is told in words, and the process ends with 1."""
    options = _parser().parse_args(arguments)
    configure_logging()
    try:
        options.run(options)
    except DomainError as error:
        print(f"onevoice: {error.title} {error.detail}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"onevoice: {error.strerror or error}{where}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="onevoice", description="One customer, whichever door they came in by.")
    parser.add_argument("--version", action="version", version=f"onevoice {version('onevoice')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: object, about: str, parent: object = commands) -> argparse.ArgumentParser:
        command = parent.add_parser(name, help=about, description=about)  # type: ignore[attr-defined]
        command.add_argument(
            "--home", type=Path, default=DEFAULT_HOME, help="folder that holds this installation (default ./.onevoice)"
        )
        command.set_defaults(run=run)
        return command

    for name, run, about in (
        ("serve", _serve, "run everything: database, API, worker, console"),
        ("api", _api, "run the API and console alone, on a database that runs already"),
    ):
        command = add(name, run, about)
        command.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        command.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port (default {DEFAULT_PORT})")
    add("worker", _worker, "run the worker alone, on a database that runs already")
    add("sender", _sender, "run a sender alone, on a database that runs already")
    demo = add("demo", _demo, "run everything with a shop's invented customers in it")
    demo.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    demo.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port (default {DEFAULT_PORT})")
    demo.add_argument("--small", action="store_true", help="load only what the first minute needs")
    explained = add("explain", _explain, "why a message was sent, or was not")
    explained.add_argument("message", type=int, help="the message's number, as the console and the API show it")
    add("verify", _verify, "derive every record of a decision again, and check the chains they form")
    add("doctor", _doctor, "check this installation and say what is wrong")

    keys = commands.add_parser("keys", help="API keys").add_subparsers(required=True, metavar="COMMAND")
    create = add("create", _keys_create, "make a key and print it alone; it is shown this once", keys)
    create.add_argument("scope", choices=["write", "secret"], help="write: sends events; secret: reads and changes")
    create.add_argument("--name", required=True, help="what it is for; of a write key also the source's name")
    create.add_argument("--channel", help="door its events come by, such as site, app, shop (write keys)")
    create.add_argument("--site", default="main", help="site its events belong to (write keys)")
    create.add_argument(
        "--allow", action="append", choices=sorted(FOR_KEYS), help="what a secret key may do; may be given often"
    )

    accounts = commands.add_parser("accounts", help="accounts at providers").add_subparsers(
        required=True, metavar="COMMAND"
    )
    account = add("connect", _accounts_connect, "try settings of a channel, and keep them when they work", accounts)
    account.add_argument("channel", help="such as email or telegram")
    account.add_argument("settings", type=Path, help="file of its settings as a JSON object; - reads standard input")
    account.add_argument("--name", default="main", help="what it is called; one of this name takes the settings over")
    account.add_argument("--site", default="main", help="site that it speaks for")
    add("list", _accounts_list, "list them, with what is wrong with each", accounts)

    users = commands.add_parser("users", help="people who log in").add_subparsers(required=True, metavar="COMMAND")
    user = add(
        "create", _users_create, "make an account; the password is asked for, or read from standard input", users
    )
    user.add_argument("--login", required=True, help="e-mail address to log in with")
    user.add_argument("--name", help="name that colleagues see (default: the login)")
    user.add_argument("--role", choices=ROLES, default="operator")
    user.add_argument("--language", choices=["en", "ru", "pl"], default="en")

    imports = commands.add_parser("import", help="files").add_subparsers(required=True, metavar="COMMAND")
    file = add("events", _import_events, "import a file of events; stopped, it goes on where it was", imports)
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

    database = commands.add_parser("db", help="the database").add_subparsers(required=True, metavar="COMMAND")
    add("upgrade", _db_upgrade, "bring the schema to this version", database)
    dump = add("dump", _db_dump, "write all of the database into one file; it may be in use meanwhile", database)
    dump.add_argument("file", type=Path, help="file to write; it must not exist yet")
    load = add("load", _db_load, "load such a file into a database that holds no installation yet", database)
    load.add_argument("file", type=Path, help="file that `onevoice db dump` wrote")
    return parser


def _home(options: argparse.Namespace) -> Home:
    home = Home(options.home)
    home.prepare()
    return home


@contextlib.contextmanager
def _database(options: argparse.Namespace) -> Generator[str]:
    """The database of a home, running for as long as the block lasts, with its schema as it is."""
    with reachable(_home(options), external_database_url(os.environ)) as url:
        yield url


@contextlib.contextmanager
def _installed(options: argparse.Namespace) -> Generator[bootstrap.Installation]:
    home = _home(options)
    with _database(options) as url:
        if not external_database_url(os.environ):
            db.upgrade(url)  # a home of our own is brought up to date by whoever opens it first
        installed = bootstrap.installation(url, home.secrets(SystemChance()), name="cli", max_connections=4)
        try:
            yield installed
        finally:
            installed.database.close()


def _say(text: str) -> None:
    print(text, flush=True)


# Commands


def _serve(options: argparse.Namespace) -> None:
    with _running(options) as (supervisor, address):
        _say(f"Onevoice is at {address}")
        supervisor.run()


@contextlib.contextmanager
def _running(
    options: argparse.Namespace, beside: Mapping[str, Sequence[str]] | None = None, places: str = ""
) -> Generator[tuple[Supervisor, str]]:
    """Everything up and ready; stopped in order when the block ends.

    beside: other programs to keep alive, by name. places: of ours that channels may speak to.
    """
    home = _home(options)
    bootstrap.web_settings(os.environ)
    require_free_port(options.host, options.port)
    external = external_database_url(os.environ)
    cluster = None if external else Cluster(home)
    with contextlib.ExitStack() as stack:
        if cluster is not None:
            if not stack.enter_context(cluster.lock()):
                raise HomeInUseError(f"{home.path} is served by another process. Stop it, or name another --home.")
            _say("starting the database ...")
            if cluster.left_behind is not None:
                _say(
                    f"An earlier installation in {home.path} left its database in {cluster.left_behind}."
                    " It is not used; delete that folder if nobody needs it."
                )
            cluster.prepare()
            cluster.start()
            stack.callback(cluster.stop)
        url = external or (cluster.url if cluster else "")
        _say("bringing the schema up to date ...")
        if external:
            bootstrap.probe(url)
        _upgrade(url)
        # What is wrong with the keys is said here, once, not by each child in turn.
        bootstrap.installation(url, home.secrets(SystemChance()), name="cli", max_connections=1).database.close()
        host = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104 - compared, not bound
        address = f"http://{f'[{host}]' if ':' in host else host}:{options.port}"
        environ = {**child_environ(home, url), "ONEVOICE_OWN_URL": address}
        if places:
            environ["ONEVOICE_ALLOWED_PLACES"] = places
        common = ["--home", str(home.path)]
        children = [
            *(Child(name, command, environ, home) for name, command in (beside or {}).items()),
            Child(
                "api", child_command("api", *common, "--host", options.host, "--port", str(options.port)), environ, home
            ),
            Child("worker", child_command("worker", *common), environ, home),
            Child("sender", child_command("sender", *common), environ, home),
        ]
        supervisor = Supervisor(children, cluster, _say)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.on_signal)
        stack.callback(_say, "stopped")
        stack.callback(supervisor.stop)
        supervisor.start()
        _say("starting the API, the worker and the sender ...")
        _await_ready(supervisor, address, home)
        yield supervisor, address


def _await_ready(supervisor: Supervisor, address: str, home: Home) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not supervisor.stopping:
        supervisor.tend()
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        if time.monotonic() > deadline:
            raise HomeInUseError(f"The API did not answer in {READY_SECONDS:.0f} s. See {home.log('api')}.")
        time.sleep(0.1)


def _running_url(options: argparse.Namespace) -> str:
    """For a process that does not start the database itself: the parent's, the external one, or the home's."""
    return os.environ.get("ONEVOICE_RUNNING_URL") or external_database_url(os.environ) or Cluster(_home(options)).url


def _api(options: argparse.Namespace) -> None:
    supervised = "ONEVOICE_RUNNING_URL" in os.environ
    if supervised:
        die_with_parent()
    else:
        require_free_port(options.host, options.port)
    home = _home(options)
    bootstrap.web_settings(os.environ)  # what is wrong is said here, once, not by each worker of the server
    os.environ.update(child_environ(home, _running_url(options)))
    bootstrap.probe(os.environ["ONEVOICE_RUNNING_URL"])
    api.run(options.host, options.port)


def _worker(options: argparse.Namespace) -> None:
    if "ONEVOICE_RUNNING_URL" in os.environ:
        die_with_parent()
    worker.run(_home(options), _running_url(options))


def _sender(options: argparse.Namespace) -> None:
    if "ONEVOICE_RUNNING_URL" in os.environ:
        die_with_parent()
    bootstrap.sending_settings(os.environ)
    sender.run(_home(options), _running_url(options))


def _explain(options: argparse.Namespace) -> None:
    with _installed(options) as installed:
        for line in bootstrap.explain(installed, options.message):
            print(line)


def _verify(options: argparse.Namespace) -> None:
    holds = True
    with _installed(options) as installed:
        for fine, line in bootstrap.verify(installed):
            holds = fine
            print(line)
    if not holds:
        raise SystemExit(1)


def _keys_create(options: argparse.Namespace) -> None:
    with _installed(options) as installed:
        key = bootstrap.create_key(
            installed,
            scope=options.scope,
            name=options.name,
            channel=options.channel,
            site=options.site,
            permissions=options.allow,
        )
    print(key)


def _accounts_connect(options: argparse.Namespace) -> None:
    try:
        text = sys.stdin.read() if str(options.settings) == "-" else options.settings.read_text("utf-8")
        given = json.loads(text)
    except (OSError, ValueError) as error:
        raise bootstrap.UnusableSettingError(f"The settings cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise bootstrap.UnusableSettingError("The settings must be one JSON object, a name with its value each.")
    settings = bootstrap.sending_settings(os.environ)
    with _installed(options) as installed:
        wanted = AccountCreate(options.channel, options.name, options.site, given)
        made = bootstrap.connect_account(installed, settings, wanted, actor=COMMAND_LINE.label)
    _say(f"{made.channel} {made.name!r} of {made.site} works, and is used from now on.")


def _accounts_list(options: argparse.Namespace) -> None:
    with _installed(options) as installed:
        for each in bootstrap.connected_accounts(installed):
            state = "paused" if each.paused else each.trouble or "works"
            print(f"{each.id}\t{each.channel}\t{each.site}\t{each.name}\t{state}")


def _users_create(options: argparse.Namespace) -> None:
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with _installed(options) as installed:
        bootstrap.create_account(
            installed,
            login=options.login,
            name=options.name or options.login,
            password=password,
            role=options.role,
            language=options.language,
        )
    _say(f"{options.login} may now log in as {options.role}.")


def _import_events(options: argparse.Namespace) -> None:
    stop = threading.Event()

    def interrupted(_number: int, _frame: object) -> None:
        if stop.is_set():  # a second time: whoever asks does not want to wait for the end of the chunk
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, interrupted)
    with _installed(options) as installed:
        shown = _ImportProgress()
        report = bootstrap.import_events(
            installed,
            options.file,
            source=options.source,
            kind=options.format,
            encoding=options.encoding,
            columns=options.column,
            zone=options.zone,
            sheet=options.sheet,
            content=options.content,
            dry_run=options.dry_run,
            again=options.again,
            stop=stop,
            progress=shown.show,
        )
        shown.end()
    for line in _import_told(report, dry_run=options.dry_run):
        _say(line)
    if not report.finished:
        sys.exit(130)


class _ImportProgress:
    """One line that changes on a terminal; elsewhere a line every five seconds."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._live = sys.stderr.isatty()

    def show(self, report: ImportReport) -> None:
        now = time.monotonic()
        if now - self._last < (0.2 if self._live else 5.0):
            return
        self._last = now
        rate = report.records / (now - self._began)
        text = f"{report.share:4.0%}  {report.before + report.records:,} records, {rate:,.0f} a second"
        print(f"\r{text}\033[K" if self._live else text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _import_told(report: ImportReport, *, dry_run: bool) -> Generator[str]:
    if report.before and not report.records and report.finished:
        yield f"This file was imported before, {report.before:,} records. To read it once more: --again"
        return
    if report.before:
        yield f"{report.before:,} records had been read before."
    would = "would be " if dry_run else ""
    yield f"{report.records:,} records read: {report.taken:,} {would}taken, {report.refused:,} {would}laid aside."
    if report.repeated:
        yield f"{report.repeated:,} say the same as an earlier one and are taken once."
    if report.first_at and report.last_at:
        yield f"They happened from {report.first_at:%Y-%m-%d %H:%M} to {report.last_at:%Y-%m-%d %H:%M} UTC."
    if report.undated:
        yield f"{report.undated:,} say no time and {'would happen' if dry_run else 'happened'} as they are taken."
    if report.names:
        yield "Most are: " + ", ".join(f"{name} {n:,}" for name, n in report.names.most_common(8))
    if report.codes:
        yield "Laid aside: " + ", ".join(f"{code} {n:,}" for code, n in report.codes.most_common())
        yield from (f"  {reason}" for reason in report.reasons)
    if dry_run and report.example:
        yield "The first event:"
        yield json.dumps(report.example, ensure_ascii=False, indent=1, default=str)
    if not report.finished:
        yield "Stopped." if dry_run else "Stopped. The same command goes on from here."


def _db_upgrade(options: argparse.Namespace) -> None:
    with _database(options) as url:
        bootstrap.probe(url)
        _upgrade(url)
    _say(f"The schema is at {db.HEAD}.")


def _upgrade(url: str) -> None:
    adopted = bootstrap.upgrade(url)
    if adopted is not None:
        _say(
            f"The log was loaded from a dump: {adopted.frames} requests are this cluster's now,"
            f" {adopted.unread} of them still to be linked."
        )


def _db_dump(options: argparse.Namespace) -> None:
    if options.file.exists():
        raise FileExistsError(errno.EEXIST, "Name a file that does not exist yet", str(options.file))
    with _database(options) as url:
        bootstrap.dump(url, options.file)
    _say(f"{options.file} holds the database, but not {Home(options.home).path / 'secrets.json'}: keep that too.")


def _db_load(options: argparse.Namespace) -> None:
    with _database(options) as url:
        bootstrap.load(url, options.file)
        _upgrade(url)
    _say(f"{options.file} is loaded.")
    secrets = Home(options.home).path / "secrets.json"
    if not secrets.exists():
        _say(f"Before you serve it, put the secrets that belong to it at {secrets}: without them nobody is found.")


def _doctor(options: argparse.Namespace) -> None:
    failed = False
    home = _home(options)
    with _database(options) as url:
        for check in bootstrap.examine(url, home):
            failed |= not check.passed
            _say(f"{'ok  ' if check.passed else 'FAIL'}  {check.what}")
    if failed:
        sys.exit(1)


def _demo(options: argparse.Namespace) -> None:
    # What a shop's installation never runs, it never loads.
    from onevoice.demo import run  # noqa: PLC0415
    from onevoice.demo.standins import StandIns  # noqa: PLC0415

    password = token(SystemChance(), 9)
    home = _home(options)
    before = home.demo_now()
    start = before.since if before else SystemClock().now()
    stands = StandIns(home.path / "providers.json", options.port, SystemChance(), start)
    places = stands.places(os.environ)
    with _running(options, {"providers": stands.command}, places) as (supervisor, address):
        stands.await_ready()
        url = external_database_url(os.environ) or Cluster(home).url
        installed = bootstrap.installation(url, home.secrets(SystemChance()), name="demo", max_connections=4)
        settings = bootstrap.sending_settings(
            {**os.environ, "ONEVOICE_OWN_URL": address, "ONEVOICE_ALLOWED_PLACES": places}
        )
        try:
            run.demo(
                installed,
                home.demo,
                address,
                password=password,
                small=options.small,
                stands=stands,
                settings=settings,
                say=_say,
                tend=supervisor.run,
            )
        finally:
            installed.database.close()
