"""Commands that run until they are stopped: everything together, or one process of it, which loads what is its own."""

import argparse
import contextlib
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence

from onevoice import bootstrap
from onevoice.cli.opening import home_of, running_url, say, upgrade
from onevoice.kit.chance import SystemChance, token
from onevoice.kit.clock import SystemClock
from onevoice.kit.home import Home, external_database_url
from onevoice.kit.postgres import Cluster
from onevoice.kit.supervisor import (
    Child,
    HomeInUseError,
    Supervisor,
    child_command,
    child_environ,
    die_with_parent,
    require_free_port,
)

READY_SECONDS = 90.0


def serve(options: argparse.Namespace) -> None:
    with _running(options) as (supervisor, address):
        say(f"Onevoice is at {address}")
        supervisor.run()


@contextlib.contextmanager
def _running(
    options: argparse.Namespace, beside: Mapping[str, Sequence[str]] | None = None, places: str = ""
) -> Generator[tuple[Supervisor, str]]:
    """Everything up and ready; stopped in order when the block ends.

    beside: other programs to keep alive, by name. places: of ours that channels may speak to.
    """
    home = home_of(options)
    bootstrap.web_settings(os.environ)
    require_free_port(options.host, options.port)
    external = external_database_url(os.environ)
    cluster = None if external else Cluster(home)
    with contextlib.ExitStack() as stack:
        if cluster is not None:
            if not stack.enter_context(cluster.lock()):
                raise HomeInUseError(f"{home.path} is served by another process. Stop it, or name another --home.")
            say("starting the database ...")
            if cluster.left_behind is not None:
                say(
                    f"An earlier installation in {home.path} left its database in {cluster.left_behind}."
                    " It is not used; delete that folder if nobody needs it."
                )
            cluster.prepare()
            cluster.start()
            stack.callback(cluster.stop)
        url = external or (cluster.url if cluster else "")
        say("bringing the schema up to date ...")
        if external:
            bootstrap.probe(url)
        upgrade(url)
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
        supervisor = Supervisor(children, cluster, say)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.on_signal)
        stack.callback(say, "stopped")
        stack.callback(supervisor.stop)
        supervisor.start()
        say("starting the API, the worker and the sender ...")
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


def run_api(options: argparse.Namespace) -> None:
    from onevoice import api  # noqa: PLC0415

    supervised = "ONEVOICE_RUNNING_URL" in os.environ
    if supervised:
        die_with_parent()
    else:
        require_free_port(options.host, options.port)
    home = home_of(options)
    bootstrap.web_settings(os.environ)  # what is wrong is said here, once, not by each worker of the server
    os.environ.update(child_environ(home, running_url(options)))
    bootstrap.probe(os.environ["ONEVOICE_RUNNING_URL"])
    api.run(options.host, options.port)


def run_worker(options: argparse.Namespace) -> None:
    from onevoice import worker  # noqa: PLC0415

    if "ONEVOICE_RUNNING_URL" in os.environ:
        die_with_parent()
    worker.run(home_of(options), running_url(options))


def run_sender(options: argparse.Namespace) -> None:
    from onevoice import sender  # noqa: PLC0415

    if "ONEVOICE_RUNNING_URL" in os.environ:
        die_with_parent()
    bootstrap.sending_settings(os.environ)
    sender.run(home_of(options), running_url(options))


def demo(options: argparse.Namespace) -> None:
    from onevoice.demo import run  # noqa: PLC0415
    from onevoice.demo.standins import StandIns  # noqa: PLC0415

    password = token(SystemChance(), 9)
    home = home_of(options)
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
                say=say,
                tend=supervisor.run,
            )
        finally:
            installed.database.close()
