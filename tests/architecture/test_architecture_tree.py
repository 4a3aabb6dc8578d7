"""The tree: what stands where, what is tracked, what is told."""

import ast
import doctest
import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from architecture.checks import DOMAINS, ROOT, SOURCE
from onevoice import bootstrap

MEBIBYTE = 1024 * 1024
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def tracked():
    return [ROOT / name for name in run("git", "ls-files", "-z").split("\0") if name]


def texts():
    """Each tracked file that is text, and still there, with its content."""
    for file in tracked():
        if file.is_file():
            try:
                yield file, file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def imported(file):
    """Every module that a file imports, wherever in it, and what it takes from one as though it were one."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, node.module.split(".")[0]}
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


class TestImports:
    def test_contracts_hold(self):
        tool = Path(sys.executable).with_name("lint-imports")
        done = subprocess.run([tool, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        assert " 0 broken" in done.stdout

    def test_every_part_of_the_wiring_is_there(self):
        assert {name for name in bootstrap.__all__ if getattr(bootstrap, name, None) is None} == set()

    @pytest.mark.parametrize("process", ["cli", "worker", "sender", "api"])
    def test_a_process_loads_what_it_runs(self, process):
        """Each took 1.3 s and 50 MB more for what only another one needs: the API's routes above all."""
        part = {"worker": "Worker", "sender": "send"}.get(process, "probe")
        loaded = run(
            sys.executable,
            "-c",
            f"import sys, onevoice.{process}; from onevoice import bootstrap; bootstrap.{part}; print(*sys.modules)",
        )
        assert {"onevoice.bootstrap.shared", f"onevoice.{process}"} <= set(loaded.split())
        assert {"fastapi", "sqlalchemy"} & set(loaded.split()) == set()

    def test_no_exception_was_made(self):
        config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
        assert len(config["contracts"]) >= 12
        assert not [each["name"] for each in config["contracts"] if "ignore_imports" in each]

    def test_there_is_one_way_out(self):
        """Only kit.egress judges where a request really goes. The command line asks nobody but our own address."""
        clients = {"httpx", "httpcore", "requests", "aiohttp", "urllib3", "urllib.request", "http.client", "pycurl"}
        own = {SOURCE / "kit" / "egress.py", SOURCE / "cli" / "running.py"}
        apart = {SOURCE / "sandbox", SOURCE / "demo"}  # stand-ins and the demo's traffic are no part of a live system
        others = [file for file in SOURCE.rglob("*.py") if file not in own and not apart.intersection(file.parents)]
        found = [(file.relative_to(SOURCE), name) for file in others for name in imported(file) if name in clients]
        assert found == []
        assert "httpx" in imported(SOURCE / "kit" / "egress.py")


class TestTree:
    @pytest.mark.parametrize("folder", ["domains", "kit", "web", "channels", "sandbox"])
    def test_inits_are_empty(self, folder):
        inits = [*(SOURCE / folder).rglob("__init__.py")]
        assert inits
        assert [file for file in inits if file.read_text()] == []

    def test_migrations_are_files_without_init(self):
        assert not [*(SOURCE / "migrations").rglob("__init__.py")]

    def test_one_migration_line_with_a_step_for_each_domain(self):
        names = sorted(file.stem for file in (SOURCE / "migrations" / "versions").glob("*.py"))
        assert [name.split("_", 1)[0] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
        steps = [name.split("_", 1)[1] for name in names]
        assert [step for step in steps if step in DOMAINS] == list(DOMAINS)

    def test_no_vague_names(self):
        assert [file for file in SOURCE.rglob("*.py") if file.stem in VAGUE_NAMES] == []

    def test_test_files_have_names_of_their_own(self):
        """Two of one name shadow each other when both are run."""
        names = Counter(file.name for file in (ROOT / "tests").rglob("*.py") if file.name != "conftest.py")
        assert [name for name, count in names.items() if count > 1] == []

    def test_no_test_is_skipped(self):
        found = [
            file.relative_to(ROOT)
            for file in (ROOT / "tests").rglob("*.py")
            if re.search(r"pytest\.(skip|mark\.skip|mark\.xfail|importorskip)|unittest\.skip", file.read_text())
            and file != Path(__file__)
        ]
        assert found == []

    def test_nothing_is_left_for_later(self):
        marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
        suffixes = {".py", ".ts", ".tsx", ".css", ".md", ".html", ".toml", ".yml"}
        found = [file.relative_to(ROOT) for file, text in texts() if file.suffix in suffixes and marks.search(text)]
        assert found == []


class TestTracked:
    def test_nothing_large(self):
        large = [file for file in tracked() if file.is_file() and file.stat().st_size > MEBIBYTE]
        assert large == []

    def test_nothing_built(self):
        built = re.compile(r"(^|/)(node_modules|__pycache__|dist|onevoice/static|\.venv)/|\.(pyc|log|whl)$")
        assert [name for name in run("git", "ls-files").splitlines() if built.search(name)] == []

    def test_no_path_of_this_machine(self):
        """Neither where the tree lies here, nor the folder around it, nor anybody's home."""
        here = {str(ROOT), f"{Path.home()}/", "/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/"}
        if len(ROOT.parent.parts) > 1:
            here.add(f"{ROOT.parent}/")
        pattern = re.compile("|".join(rf"(?<![\w.\])}}]){re.escape(path)}" for path in here))
        assert told(pattern) == []

    def test_no_host_of_a_package_registry(self):
        """Neither the ones configured here, nor addresses that a lock file took from one."""
        hosts = {host for address in _registries() if (host := urlsplit(address).hostname)}
        pattern = re.compile("|".join(re.escape(host) for host in {*hosts, "registry.np" + "mjs.org"}))
        assert told(pattern) == []

    def test_nothing_beside_the_tree_is_referred_to(self):
        assert told(re.compile(r"(?<![.\w])\.\./" + "shared" + r"\b")) == []

    def test_no_key_or_secret(self):
        pattern = re.compile(r"ov_(write|secret)_[\w-]{43}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b")
        assert told(pattern) == []


def told(pattern):
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for file, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def _registries():
    """The addresses from which packages come on this machine, as pip and npm and the environment name them."""
    for name, value in os.environ.items():
        if re.search(r"(?i)(index_url|registry|proxy)$", name):
            yield value
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True)
    yield from re.findall(r"https?://[^'\s]+", done.stdout)
    for config in (Path.home() / ".npmrc", Path.home() / ".config" / "pip" / "pip.conf", Path("/etc/pip.conf")):
        if config.is_file():
            yield from re.findall(r"https?://\S+", config.read_text())


class TestChanges:
    def test_a_change_is_told_in_a_fragment(self):
        fragments = [file for file in (ROOT / "changes").glob("*.md") if file.name != "README.md"]
        assert fragments
        assert [file.name for file in fragments if not file.read_text().strip()] == []

    def test_the_licence_is_the_one_that_is_declared(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert project["license"] == "Apache-2.0"
        assert "Apache License" in (ROOT / "LICENSE").read_text()[:400]


class TestExamples:
    """What docstrings show is run."""

    MODULES = sorted(
        ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts)
        for file in SOURCE.rglob("*.py")
        if ">>> " in file.read_text()
    )

    @pytest.mark.parametrize("module", MODULES)
    def test_in(self, module):
        result = doctest.testmod(importlib.import_module(module), raise_on_error=False)
        assert result.attempted > 0
        assert result.failed == 0


class TestConsole:
    def test_the_lock_file_names_no_host_and_checks_every_package(self):
        lock = json.loads((ROOT / "console" / "package-lock.json").read_text())
        packages = {name: each for name, each in lock["packages"].items() if name}
        assert packages
        assert [name for name, each in packages.items() if "resolved" in each] == []
        assert [name for name, each in packages.items() if "integrity" not in each] == []
        assert (
            list(itertools.islice((name for name, each in packages.items() if each.get("hasInstallScript")), 3)) == []
        )
