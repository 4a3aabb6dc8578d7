"""What imports cannot show, as functions of source text, so that each check can be shown to fail on a planted fault."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "onevoice"
# From the ground up: a domain's tables point only at those before it, as its imports do.
DOMAINS = tuple(
    name
    for name in (
        "access", "events", "identity", "profiles", "webhooks", "privacy", "commerce", "segments", "delivery",
        "conversations", "recommendations", "feedback", "decisions", "journeys", "analytics", "staffing",
    )
    if (SOURCE / "domains" / name).is_dir()
)  # fmt: skip

_SQL = re.compile(
    r"(?is)^\s*(--[^\n]*\n\s*)*"
    r"(select\b|insert\s+into\b|update\s+\w+\.\w+|delete\s+from\b|with\s+(recursive\s+)?\w+\s*(\(|as\b)|truncate\b|copy\s"
    r"|create\s|alter\s|drop\s|merge\s+into\b|lock\s+table|refresh\s|notify\s|listen\s|from\s+\w+\.\w+|where\s|join\s"
    r"|union\s|order\s+by\b|on\s+conflict\b|returning\s)"
)
_CLOCK_OR_CHANCE = re.compile(
    r"(?i)\b(now|random|random_normal|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday"
    r"|gen_random_uuid|uuidv4|uuidv7|gen_random_bytes)\s*\(|\b(current_timestamp|current_date|current_time|localtimestamp"
    r"|localtime)\b|'(now|today|tomorrow|yesterday)'"
)
_AUDIT_CHANGED = re.compile(
    r"(?i)\b(update|delete\s+from|truncate(\s+table)?|merge\s+into)\s+(only\s+)?access\.audit\b"
)


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Every string of a module but its docstrings, with its line; what an f-string computes stands as `?`."""
    tree = ast.parse(source)
    passed = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(value) for value in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_piece(value) for value in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.lineno, node.value


def _piece(value: ast.expr) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else "?"


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def sql(source: str) -> list[tuple[int, str]]:
    """The strings that are SQL, or a part of it."""
    return [(line, text) for line, text in strings(source) if _SQL.match(text)]


def foreign_schemas(source: str, own: str, schemas: Sequence[str] = DOMAINS) -> list[tuple[int, str]]:
    """Tables of other domains that SQL of the domain `own` names."""
    others = "|".join(each for each in schemas if each != own)
    pattern = re.compile(rf"(?i)(?<![\w.])({others})\.[a-z_]\w*")
    return [(line, found[0]) for line, text in sql(source) for found in pattern.finditer(text)]


def clock_or_chance(source: str) -> list[tuple[int, str]]:
    """Where SQL asks the database for the time or for chance, instead of taking it as a parameter."""
    return [(line, found[0]) for line, text in sql(source) for found in _CLOCK_OR_CHANCE.finditer(text)]


def audit_changed(source: str) -> list[tuple[int, str]]:
    """Where SQL changes or deletes what the audit log holds."""
    return [(line, found[0]) for line, text in strings(source) for found in _AUDIT_CHANGED.finditer(text)]


def downhill(pointing: str, pointed_at: str, order: Sequence[str] = DOMAINS) -> bool:
    """Whether a foreign key from one schema to another points from upstream to downstream."""
    return order.index(pointing) < order.index(pointed_at)
