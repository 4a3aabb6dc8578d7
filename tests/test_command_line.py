"""The command line as people meet it: what it says when something is wrong, and that it stops cleanly."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from support import LiveServer, forget_cluster, free_port, onevoice, run_onevoice


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "h"
    forget_cluster(Home(tmp_path / "h"))


class TestServe:
    def test_a_taken_port_says_which_and_what_to_do(self, home: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = onevoice("serve", "--home", str(home), "--port", str(port))
        assert done.returncode == 1
        assert f"127.0.0.1:{port}" in done.stderr
        assert "--port" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_wrong_database_url_says_so(self, home: Path) -> None:
        url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
        done = onevoice("serve", "--home", str(home), "--port", str(free_port()), ONEVOICE_DATABASE_URL=url)
        assert done.returncode == 1
        assert "Check ONEVOICE_DATABASE_URL" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize(
        "address", ["hello.example", "https://", "https://hello.example:port", "ftp://hello.example"]
    )
    @pytest.mark.parametrize("command", ["serve", "api"])
    def test_a_public_address_that_is_none_says_so(self, home: Path, command: str, address: str) -> None:
        done = onevoice(command, "--home", str(home), "--port", str(free_port()), ONEVOICE_PUBLIC_URL=address)
        assert done.returncode == 1
        assert f"ONEVOICE_PUBLIC_URL is {address!r}" in done.stderr
        assert "Traceback" not in done.stderr

    def test_data_of_another_version_is_refused(self, home: Path) -> None:
        cluster = Cluster(Home(home))
        cluster.prepare()
        (cluster.data / "PG_VERSION").write_text("15\n")
        done = onevoice("serve", "--home", str(home), "--port", str(free_port()))
        assert done.returncode == 1
        assert "PostgreSQL 15" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_database_of_other_keys_is_refused_and_left_as_it_is(self, home: Path) -> None:
        run_onevoice("keys", "create", "write", "--name", "site", "--home", str(home))
        kept = (home / "secrets.json").read_text()
        (home / "secrets.json").unlink()
        for command in (("serve", "--port", str(free_port())), ("keys", "create", "secret", "--name", "x")):
            done = onevoice(*command, "--home", str(home))
            assert done.returncode == 1
            assert "Put the secrets.json back" in done.stderr
            assert "Traceback" not in done.stderr
        (home / "secrets.json").write_text(kept)
        run_onevoice("keys", "create", "write", "--name", "app", "--home", str(home))

    def test_a_home_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        done = onevoice("serve", "--home", str(tmp_path / "file" / "h"))
        assert done.returncode == 1
        assert "--home" in done.stderr

    def test_a_second_server_on_one_home_is_refused(self, live_server: LiveServer) -> None:
        done = onevoice("serve", "--home", str(live_server.home), "--port", str(free_port()))
        assert done.returncode == 1
        assert "another process" in done.stderr

    def test_ctrl_c_ends_everything_it_started(self, home: Path) -> None:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "onevoice", "serve", "--home", str(home), "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        for line in process.stdout:
            if "Onevoice is at" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in rest
        assert not Cluster(Home(home)).answers()
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "somebody still listens"


class TestKeys:
    def test_the_key_alone_stands_on_standard_output(self, live_server: LiveServer) -> None:
        key = run_onevoice("keys", "create", "write", "--name", "another", "--home", str(live_server.home))
        assert key.startswith("ov_write_")
        assert len(key.split()) == 1


class TestDoctor:
    def test_a_healthy_installation_passes(self, live_server: LiveServer) -> None:
        done = onevoice("doctor", "--home", str(live_server.home))
        assert "fsync is on" in done.stdout
        assert "the schema is at" in done.stdout
