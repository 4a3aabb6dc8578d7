"""`docs/status.md` claims only what a test proves."""

import ast
import re

import pytest

from architecture.checks import ROOT

PAGE = ROOT / "docs" / "status.md"
# How many capabilities each part of the product has.
PARTS = {"A": 9, "B": 12, "C": 8, "D": 10, "E": 3, "F": 7, "G": 6, "H": 12}
STATES = {"done", "partial", "not begun"}


def rows(text):
    """Number, capability, state, words, proofs of each row."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if re.match(r"\| [A-H]\d+ \|", line) else []
        if cells:
            number, capability, state, words, proofs = cells
            yield number, capability, state, words, re.findall(r"`([^`]+)`", proofs)


def exists(proof):
    """Whether `tests/file.py::TestClass::test_function`, or a part of it from the left, is there."""
    path, *names = proof.split("::")
    file = ROOT / path
    if not re.fullmatch(r"tests/([\w/]+/)?test_\w+\.py", path) or not file.is_file():
        return False
    body = ast.parse(file.read_text()).body
    for name in names:
        found = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
        if not found:
            return False
        body = found[0].body
    return bool(names) and names[-1].lower().startswith("test")


def faults(text):
    """What is wrong with a page like this."""
    listed = list(rows(text))
    wanted = [f"{part}{n}" for part, count in PARTS.items() for n in range(1, count + 1)]
    if [row[0] for row in listed] != wanted:
        yield "the rows are not A1 to H12, each once, in order"
    for number, _, state, words, proofs in listed:
        if state not in STATES:
            yield f"{number}: {state} is no state"
        if state == "not begun" and (words or proofs):
            yield f"{number}: not begun, and yet something is claimed"
        if state != "not begun" and not (words and proofs):
            yield f"{number}: {state} needs words and a proof"
        if (state == "partial") != ("Lacks " in words):
            yield f"{number}: what is partial lacks something, and says what; what is done lacks nothing"
        for proof in proofs:
            if not exists(proof):
                yield f"{number}: there is no {proof}"


class TestStatus:
    def test_every_capability_is_there_and_every_proof_exists(self):
        assert list(faults(PAGE.read_text())) == []

    def test_something_stands(self):
        assert {state for _, _, state, _, _ in rows(PAGE.read_text())} == STATES

    @pytest.mark.parametrize(
        ("was", "becomes", "told"),
        [
            ("| A4 |", "| A44 |", "the rows are not"),
            ("| not begun |", "| planned |", "planned is no state"),
            ("| not begun | | |", "| done | It works. | |", "needs words and a proof"),
            ("Lacks ", "Without ", "lacks something"),
            ("::TestKeys`", "::TestNoKeys`", "there is no"),
            ("test_first_road.py::", "test_no_road.py::", "there is no"),
        ],
    )
    def test_a_false_claim_would_be_seen(self, was, becomes, told):
        text = PAGE.read_text()
        assert was in text
        assert any(told in fault for fault in faults(text.replace(was, becomes, 1)))
