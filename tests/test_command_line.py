"""The command line as people meet it: what it says when something is wrong, and that it stops cleanly."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster, reachable
from onevoice.sandbox.telegram import Fault, Telegram
from support import LiveServer, forget_cluster, free_port, onevoice, run_onevoice


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "h"
    forget_cluster(Home(tmp_path / "h"))


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A home whose database runs all the while, so that no command has to start it."""
    found = Home(tmp_path_factory.mktemp("accounts") / "h")
    found.prepare()
    with reachable(found, None):
        yield str(found.path)
    forget_cluster(found)


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


class TestAccounts:
    @pytest.fixture
    def telegram(self) -> Iterator[Telegram]:
        with Telegram() as found:
            yield found

    def connect(
        self, at_home: str, telegram: Telegram, settings: str, *more: str
    ) -> "subprocess.CompletedProcess[str]":
        command = ("accounts", "connect", "telegram", "-", "--home", at_home, *more)
        return onevoice(*command, stdin=settings, ONEVOICE_ALLOWED_PLACES=f"127.0.0.1:{telegram.port}")

    def settings(self, telegram: Telegram, **more: object) -> str:
        return json.dumps({"token": telegram.token, "api_url": telegram.url, **more})

    def listed(self, at_home: str) -> list[list[str]]:
        lines = run_onevoice("accounts", "list", "--home", at_home).splitlines()
        return [line.split("\t")[1:] for line in lines]

    def test_settings_that_work_are_kept_and_taken_over_and_trouble_is_told(
        self, at_home: str, telegram: Telegram, tmp_path: Path
    ) -> None:
        file = tmp_path / "settings.json"
        file.write_text(self.settings(telegram))
        allowed = {"ONEVOICE_ALLOWED_PLACES": f"127.0.0.1:{telegram.port}"}
        made = onevoice("accounts", "connect", "telegram", str(file), "--home", at_home, "--name", "bot", **allowed)
        assert made.returncode == 0, made.stderr
        assert made.stdout == "telegram 'bot' of main works, and is used from now on.\n"
        assert self.listed(at_home) == [["telegram", "main", "bot", "works"]]

        telegram.trouble(Fault("revoked"), method="setWebhook")
        hook = {"updates": "webhook", "webhook_secret": "a-secret-of-the-webhook"}
        again = self.connect(at_home, telegram, self.settings(telegram, **hook), "--name", "bot")
        assert (again.returncode, "its provider cannot call us" in again.stderr) == (1, True)
        ((*_, trouble),) = self.listed(at_home)
        assert trouble.startswith("token_refused: ")
        for said in (made.stdout, made.stderr, again.stdout, again.stderr, str(self.listed(at_home))):
            assert telegram.token not in said
            assert hook["webhook_secret"] not in said

        mended = self.connect(at_home, telegram, self.settings(telegram), "--name", "bot")
        assert mended.returncode == 0, mended.stderr
        assert self.listed(at_home) == [["telegram", "main", "bot", "works"]], "one of this name, taken over"

    def test_a_wrong_token_is_refused_and_nothing_is_kept(self, at_home: str, telegram: Telegram) -> None:
        wrong = "7000001:AAanother_token_of_nobody_at_all_xx"
        before = self.listed(at_home)
        done = self.connect(at_home, telegram, self.settings(telegram, token=wrong), "--name", "another")
        assert done.returncode == 1
        assert "Telegram knows no bot with this token" in done.stderr
        assert wrong not in done.stderr
        assert self.listed(at_home) == before

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ("{token: 1}", "The settings cannot be read: "),
            ("[]", "must be one JSON object"),
            ("{}", "telegram needs the setting 'token'"),
            ('{"token": "1:a", "colour": "red"}', "telegram has no setting 'colour'"),
            ('{"token": 5}', "The setting 'token' must be a text"),
        ],
    )
    def test_settings_that_are_none_say_so(self, at_home: str, telegram: Telegram, given: str, told: str) -> None:
        done = self.connect(at_home, telegram, given)
        assert done.returncode == 1
        assert told in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_channel_or_a_site_or_a_file_that_is_not_there_is_named(self, at_home: str, telegram: Telegram) -> None:
        done = onevoice("accounts", "connect", "pigeon", "-", "--home", at_home, stdin="{}")
        assert (done.returncode, "no channel 'pigeon'; there are: chat, email" in done.stderr) == (1, True)
        done = self.connect(at_home, telegram, self.settings(telegram), "--site", "moon")
        assert (done.returncode, "moon" in done.stderr) == (1, True)
        done = onevoice("accounts", "connect", "telegram", "/nowhere.json", "--home", at_home)
        assert (done.returncode, "/nowhere.json" in done.stderr) == (1, True)
