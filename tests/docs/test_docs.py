"""What the documentation shows is run, and what it names is there."""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from onevoice.cli import arguments
from onevoice.kit.db import Database
from onevoice.kit.home import Home
from support import LiveServer, forget_cluster

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "changes").glob("*.md"),
        *(ROOT / "src").rglob("README.md"),
    ]
)
BLOCK = re.compile(r"^( *)```([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
MAX_PICTURE_BYTES = 300_000


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(what stands behind the backticks, the text without its indentation)."""
    for indent, language, text in BLOCK.findall(page.read_text()):
        yield language.strip(), re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


def runnable() -> list[Path]:
    return [page for page in PAGES if any(language.endswith(" run") for language, _ in blocks(page))]


def environ(server: LiveServer) -> dict[str, str]:
    """What the pages tell their reader to export, and the commands that they installed."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ONEVOICE_URL": server.url,
        "ONEVOICE_WRITE_KEY": server.write_key,
        "ONEVOICE_SECRET_KEY": server.secret_key,
    }


def shell_text(page: Path) -> str:
    """What of a page a reader may type: blocks of shell, and code within the text."""
    typed = [text for language, text in blocks(page) if language.split()[:1] == ["bash"]]
    return "\n".join([*typed, *CODE.findall(BLOCK.sub("", page.read_text()))])


@pytest.fixture
def folder(live_server: LiveServer, tmp_path: Path) -> Iterator[Path]:
    """Where the reader is: the home that is being served lies here, as the pages call it."""
    (tmp_path / "my-shop").symlink_to(live_server.home)
    yield tmp_path
    for made in tmp_path.iterdir():
        if made.is_dir() and not made.is_symlink():
            forget_cluster(Home(made))


class TestBlocks:
    def test_some_are_run(self) -> None:
        assert ROOT / "docs" / "quickstart.md" in runnable()

    @pytest.mark.parametrize("page", runnable(), ids=name)
    def test_of_a_page_run_in_order(self, live_server: LiveServer, page: Path, folder: Path) -> None:
        for language, text in blocks(page):
            if not language.endswith(" run"):
                continue
            command = {"bash run": ["bash", "-euo", "pipefail", "-c"], "python run": [sys.executable, "-c"]}[language]
            done = subprocess.run(
                [*command, text],
                cwd=folder,
                env=environ(live_server),
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"

    def test_a_failing_one_would_be_seen(self, live_server: LiveServer) -> None:
        wrong = 'curl --fail-with-body -sS "$ONEVOICE_URL/api/profiles/email:nobody@nowhere.example"'
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", wrong], env=environ(live_server), check=False, capture_output=True
        )
        assert done.returncode != 0

    def test_the_quickstart_ends_in_a_profile(self, live_server: LiveServer) -> None:
        self.test_of_a_page_run_in_order(live_server, ROOT / "docs" / "quickstart.md", ROOT)
        live_server.settle()
        for reference in ("user_id:quickstart-curl", "user_id:quickstart-python"):
            assert live_server.get(f"/api/profiles/{reference}").status_code == 200


class TestExamples:
    def test_send_and_read(self, live_server: LiveServer) -> None:
        done = subprocess.run(
            [sys.executable, "-I", str(ROOT / "examples" / "send_and_read.py")],
            env=environ(live_server),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert "Anna Kowalska" in done.stdout
        assert "anonymous_id:visitor-" in done.stdout

    def test_a_channel_of_ones_own(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "examples/pager"], cwd=ROOT, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
        assert int(done.stdout.split()[-4]) > 50  # "59 passed in 5 s"

    def test_a_channel_of_ones_own_is_shown_as_it_is(self) -> None:
        folder = ROOT / "examples" / "pager"
        shown = [
            text for language, text in blocks(ROOT / "docs" / "how-to" / "write-a-channel.md") if language != "bash"
        ]
        assert shown == [
            (folder / file).read_text()
            for file in ("onevoice_pager/manifest.toml", "onevoice_pager/adaptor.py", "pyproject.toml")
        ]

    def test_each_is_named_here(self) -> None:
        named = {"send_and_read.py", "pager"}
        tracked = subprocess.run(["git", "ls-files", "examples"], cwd=ROOT, check=True, capture_output=True, text=True)
        assert {Path(file).parts[1] for file in tracked.stdout.splitlines()} == named


class TestLinks:
    LINK = re.compile(r"\]\(([^)\s]+)\)")

    @pytest.mark.parametrize("page", PAGES, ids=name)
    def test_lead_somewhere(self, page: Path) -> None:
        text = BLOCK.sub("", page.read_text())
        broken = []
        for target in self.LINK.findall(text):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, anchor = unquote(target).partition("#")
            goal = (page.parent / path).resolve() if path else page
            if not goal.exists() or (anchor and anchor not in self.anchors(goal)):
                broken.append(target)
        assert broken == []

    @staticmethod
    def anchors(page: Path) -> set[str]:
        """The anchors that hosts of Markdown make of headings."""
        headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def test_every_page_is_reached_from_the_readme(self) -> None:
        """But for what tools write beside the index of the documentation."""
        reached, waiting = set(), [ROOT / "README.md"]
        while waiting:
            page = waiting.pop()
            if page in reached or not page.exists():
                continue
            reached.add(page)
            for target in self.LINK.findall(page.read_text()):
                goal = (page.parent / target.partition("#")[0]).resolve()
                if goal.is_dir():
                    waiting.extend(goal.glob("*.md"))
                elif goal.suffix == ".md":
                    waiting.append(goal)
        lost = [name(page) for page in PAGES if page not in reached and page.parent != ROOT / "docs"]
        assert lost == []


class TestCommands:
    """Every make target and every command of ours that a page names exists, with the options it is given."""

    @staticmethod
    def targets() -> set[str]:
        return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    @staticmethod
    def understood(words: list[str]) -> bool:
        parser = arguments.parser()
        while words:
            subparsers = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
            if not subparsers:
                break
            if words[0] == "--version":
                return True
            if words[0] not in subparsers[0].choices:
                return words[0] == "COMMAND"
            parser = subparsers[0].choices[words.pop(0)]
        known = {option for action in parser._actions for option in action.option_strings}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        return given <= known

    def test_the_check_can_tell(self) -> None:
        assert self.understood("serve --home ./h --port 1".split())
        assert not self.understood("serve --prot 1".split())
        assert not self.understood("dance".split())

    @pytest.mark.parametrize("page", PAGES, ids=name)
    def test_make_targets_exist(self, page: Path) -> None:
        named = set(re.findall(r"(?:^|\n)\s*make ([a-z]+)", shell_text(page)))
        assert named - self.targets() == set()

    @pytest.mark.parametrize("page", PAGES, ids=name)
    def test_commands_exist(self, page: Path) -> None:
        named = re.findall(r"(?:^|\n|\()\s*onevoice ((?:(?!\n|\)|#|\|).)*)", shell_text(page))
        assert [line for line in named if not self.understood(line.split())] == []


class TestIdentity:
    def test_the_table_of_kinds_is_the_databases(self, database: Database) -> None:
        rows = re.findall(
            r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (yes|no) \|$",
            (ROOT / "docs" / "identity.md").read_text(),
            re.MULTILINE,
        )
        told = [(kind, int(strength), int(n), int(weak), shared == "yes") for kind, strength, n, weak, shared in rows]
        with database.transaction() as conn:
            kept = conn.execute(
                "select name, priority, per_profile, per_profile_weak, shared from identity.kind order by priority, id"
            ).fetchall()
        assert told == kept


class TestEvents:
    PAGE = ROOT / "docs" / "reference" / "events.md"

    def codes(self) -> set[str]:
        domains = ROOT / "src" / "onevoice" / "domains"
        rules = [file.read_text() for file in (domains / "events" / "rules").glob("*.py")]
        at_the_door = [code for text in rules for code in re.findall(r'Fault\(\s*"(\w+)"', text)]
        of_files = (domains / "imports" / "rules" / "files.py").read_text()
        at_the_door += re.findall(r'Unreadable\(record, "(\w+)"', of_files)
        linker = (domains / "identity" / "service" / "prepare.py").read_text()
        return {*at_the_door, *re.findall(r'Rejection\([^)]*?"([a-z]+_[a-z_]+)"', linker, re.DOTALL)}

    def test_every_code_of_a_dead_letter_is_told_and_no_other(self) -> None:
        section = self.PAGE.read_text().partition("## Dead letters")[2]
        assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == self.codes()

    def test_every_flag_is_told(self) -> None:
        sources = [ROOT / "src/onevoice/kit/jsons.py", ROOT / "src/onevoice/domains/events/rules/door.py"]
        flags = {
            flag for file in sources for flag in re.findall(r'^[A-Z_]+ = "([a-z_]+)"$', file.read_text(), re.MULTILINE)
        }
        told = self.PAGE.read_text().partition("## What is mended")[2].partition("\n## ")[0]
        assert len(flags) > 5
        assert {flag for flag in flags if f"`{flag}`" not in told} == set()

    def test_every_personal_key_is_told(self) -> None:
        from onevoice.domains.identity.rules import personal

        section = self.PAGE.read_text().partition("## What is personal")[2].partition("\n## ")[0]
        rows = {
            line.split(" | ")[0].strip("| `"): line.split(" | ")[1] for line in section.splitlines() if " | " in line
        }

        def told(start: str) -> set[str]:
            return set(CODE.findall(next(keys for part, keys in rows.items() if part.startswith(start))))

        assert told("anywhere") == personal.PERSONAL_ANYWHERE
        for part, keys in (
            ("traits", personal.PERSONAL_TRAITS),
            ("properties", personal.PERSONAL_PROPERTIES),
            ("context", personal.PERSONAL_CONTEXT),
        ):
            assert told(f"{part}`") == keys - personal.PERSONAL_ANYWHERE, part


class TestPictures:
    def shown(self) -> set[Path]:
        found = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)")
        return {(page.parent / target).resolve() for page in PAGES for target in found.findall(page.read_text())}

    def test_every_picture_is_shown_somewhere(self) -> None:
        assert {file for file in (ROOT / "docs" / "pictures").iterdir() if file not in self.shown()} == set()

    def test_they_are_small_and_of_one_size(self) -> None:
        for file in (ROOT / "docs" / "pictures").glob("*.png"):
            head = file.read_bytes()[16:24]
            assert (int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")) == (1440, 900), file.name
            assert file.stat().st_size <= MAX_PICTURE_BYTES, file.name

    def test_drawings_can_be_read_in_the_dark_and_aloud(self) -> None:
        for file in (ROOT / "docs" / "pictures").glob("*.svg"):
            text = file.read_text()
            assert "prefers-color-scheme: dark" in text, file.name
            assert "<title" in text, file.name
            assert "<desc" in text, file.name
