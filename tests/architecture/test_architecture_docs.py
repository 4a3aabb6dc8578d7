"""The documentation tells of what exists, and of nothing else."""

import argparse
import re

import pytest

from architecture.checks import ROOT, SOURCE, strings
from onevoice.cli import arguments
from onevoice.domains.access.contracts import FOR_KEYS, MATRIX, PERMISSIONS, ROLES, USUAL_FOR_KEYS

DOCS = ROOT / "docs"
REFERENCE = sorted((DOCS / "reference").glob("*.md"))


def reference():
    return "\n".join(file.read_text() for file in REFERENCE)


def commands(parser=None, path=()):
    """Every command of the command line with its own options."""
    parser = parser or arguments.parser()
    subparsers = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not subparsers:
        yield (
            " ".join(path),
            [option for action in parser._actions for option in action.option_strings if option.startswith("--")],
        )
    for action in subparsers:
        for name, child in action.choices.items():
            yield from commands(child, (*path, name))


def settings():
    """Every environment variable of ours that the source names, but those that one process sets for its child."""
    named = {
        found
        for file in SOURCE.rglob("*.py")
        for _, text in strings(file.read_text())
        for found in re.findall(r"\bONEVOICE_[A-Z_]+\b", text)
    }
    return named - {"ONEVOICE_HOME", "ONEVOICE_RUNNING_URL"}


def codes():
    """Every `code` of an error class."""
    return {
        found
        for file in SOURCE.rglob("*.py")
        for found in re.findall(r'^    code = "(\w+)"$', file.read_text(), re.MULTILINE)
    }


class TestCommandLine:
    @pytest.mark.parametrize(("command", "options"), [pytest.param(*each, id=each[0]) for each in commands()])
    def test_command_and_options_are_told(self, command, options):
        told = reference()
        assert f"onevoice {command}" in told
        assert [option for option in options if option != "--help" and f"`{option}" not in told] == []


class TestSettings:
    def test_there_are_some(self):
        assert "ONEVOICE_DATABASE_URL" in settings()

    @pytest.mark.parametrize("setting", sorted(settings()))
    def test_is_told(self, setting):
        assert f"`{setting}`" in reference()


class TestAccess:
    TOLD = DOCS / "reference" / "api-access.md"

    def test_every_error_of_access_and_of_the_guards_is_told(self):
        files = [*(SOURCE / "domains" / "access").rglob("*.py"), *(SOURCE / "web").rglob("*.py")]
        ours = {
            found for file in files for found in re.findall(r'^    code = "(\w+)"$', file.read_text(), re.MULTILINE)
        } - {"access"}
        told = self.TOLD.read_text()
        # The 404s of single things need no advice.
        assert {code for code in ours if f"`{code}`" not in told and not code.startswith("unknown_")} == set()

    def test_the_matrix_is_told_as_it_is(self):
        rows = re.findall(r"^\| `(\w+\.\w+)` \| .+? \|(.+)\|$", self.TOLD.read_text(), re.MULTILINE)
        told = {permission: [cell.strip() for cell in cells.split("|")] for permission, cells in rows}

        def of_keys(permission):
            return "usual" if permission in USUAL_FOR_KEYS else "can" if permission in FOR_KEYS else ""

        assert told == {
            permission: ["yes" if permission in MATRIX[role] else "" for role in ROLES] + [of_keys(permission)]
            for permission in PERMISSIONS
        }

    def test_the_console_knows_the_same_roles_and_permissions(self):
        types = (ROOT / "console" / "src" / "api" / "types.ts").read_text()

        def listed(name):
            return re.findall(r'"([\w.]+)"', re.search(rf"const {name} = \[(.*?)\]", types, re.DOTALL)[1])

        assert (listed("roles"), listed("permissions")) == (list(ROLES), list(PERMISSIONS))

    def test_no_error_is_told_that_does_not_exist(self):
        rows = re.findall(r"^\| \d{3} \| (.+?) \|", self.TOLD.read_text(), re.MULTILINE)
        told = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
        assert told - codes() - {"invalid_request", "database_unavailable"} == set()

    def test_every_line_of_the_audit_log_is_told(self):
        actions = {
            found
            for file in SOURCE.rglob("*.py")
            for found in re.findall(r'(?:Audit|_record)\(\s*[\w.]+,\s*"(\w+\.\w+)"', file.read_text())
        }
        assert len(actions) > 10
        told = self.TOLD.read_text()
        assert {action for action in actions if f"`{action}`" not in told} == set()
