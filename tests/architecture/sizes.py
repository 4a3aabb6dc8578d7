"""Prints the largest files, functions and parameter lists of the source, beside what the house style suggests.

Sizes are guidance, judged by readers: nothing fails. `python tests/architecture/sizes.py`
"""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "onevoice"
SHOWN = 10


def functions(file: Path) -> Iterator[tuple[int, int, str]]:
    """Lines, parameters and place of each function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            given = node.args
            parameters = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
            yield lines, parameters, f"{file.relative_to(SOURCE)}:{node.lineno} {node.name}"


def show(title: str, sizes: list[tuple[int, str]]) -> None:
    print(title)
    for size, what in sorted(sizes, reverse=True)[:SHOWN]:
        print(f"  {size:5d}  {what}")


def report() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    found = [each for file in files for each in functions(file)]
    lengths = sorted(lines for lines, _, _ in found)
    print(f"{len(files)} files, {len(found)} functions of {lengths[len(lengths) // 2]} lines at the median")
    show(
        "files, lines (guidance: 400)",
        [(len(file.read_text().splitlines()), str(file.relative_to(SOURCE))) for file in files],
    )
    show("functions, lines (guidance: 40)", [(lines, where) for lines, _, where in found])
    show("functions, parameters (guidance: 6)", [(parameters, where) for _, parameters, where in found])


if __name__ == "__main__":
    report()
