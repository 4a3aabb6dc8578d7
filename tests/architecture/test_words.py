"""A page's words come with the page: whatever it says must be in the parts that it asks for."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "console" / "src"
BASE = {"common", "channels", "customers"}
IMPORT = re.compile(
    r"""(?:^import|^export|^\} ) ?(?!type )[^;]*?from "([~.][^"]*)";|^import "([~.][^"]*)";""", re.MULTILINE
)
LAZY = re.compile(r"""withWords\(\[([^\]]*)\], import\("([^"]+)"\)\)|import\("([^"]+)"\)""")
SAYS = re.compile(r"""["`]([a-z]+)\.(\w+|\$)""")
MAY = re.compile(r"""useMay\("[^"]*"\)|needs: "[^"]*"|api/types"|(?:^ *\| ".*$)""", re.MULTILINE)


def file_of(name: str, beside: Path) -> Path | None:
    there = SOURCE / name[2:] if name.startswith("~/") else beside / name
    tries = (there, Path(f"{there}.ts"), Path(f"{there}.tsx"), there / "index.ts", there / "index.tsx")
    return next((each.resolve() for each in tries if each.is_file() and each.suffix in {".ts", ".tsx"}), None)


def together(first: Path) -> set[Path]:
    """The module and all that is loaded with it."""
    found, waiting = set(), [first]
    while waiting:
        each = waiting.pop()
        if each in found or "i18n" in each.parts:
            continue
        found.add(each)
        names = [one or other for one, other in IMPORT.findall(each.read_text())]
        waiting += [there for name in names if (there := file_of(name, each.parent))]
    return found


def lazies() -> dict[Path, set[str]]:
    """Every module that is fetched later, and the words that are fetched with it."""
    found: dict[Path, set[str]] = {}
    for each in SOURCE.rglob("*.ts*"):
        if "i18n" in each.parts or "test" in each.parts:
            continue
        for words, name, bare in LAZY.findall(each.read_text()):
            if there := file_of(name or bare, each.parent):
                found.setdefault(there, set()).update(re.findall(r"\w+", words))
    return found


PARTS = {each.stem for each in (SOURCE / "i18n" / "en").glob("*.ts")} - {"base", "index", "imports", "customer-events"}
SPREAD = {"data": ("imports",), "customer": ("customer-events",)}
INSIDE = {
    "data": {"data"}, "settings": {"settings"}, "customer": {"customer"}, "messages": {"messages"},
    "content": {"content", "messages"}, "desk": {"desk", "messages", "write"},
}  # fmt: skip
"""What the section around a page has fetched before."""


def heads(part: str) -> set[str]:
    """The first names of a part's messages, its files taken together."""
    text = "".join(
        each.read_text() for each in (SOURCE / "i18n" / "en").glob("*.ts") if each.stem in {part, *SPREAD.get(part, ())}
    )
    return set(re.findall(r"^  (\w+)[:,]", text, re.MULTILINE)) | {"$"}


HEADS = {part: heads(part) for part in PARTS}


def says(module: Path) -> set[str]:
    return {
        part for part, head in SAYS.findall(MAY.sub("", module.read_text())) if part in PARTS and head in HEADS[part]
    }


@pytest.mark.parametrize("module", sorted(lazies()), ids=lambda path: str(path.relative_to(SOURCE)))
def test_what_a_page_says_comes_with_it(module):
    has = BASE | lazies()[module] | INSIDE.get(module.relative_to(SOURCE).parts[0], set())
    for each in together(module):
        assert says(each) <= has, f"{each.relative_to(SOURCE)} says {says(each) - has}"


def test_the_frame_says_what_is_always_there():
    for each in together(SOURCE / "main.tsx"):
        assert says(each) <= BASE, each


def test_there_is_something_to_look_at():
    assert len(lazies()) > 20
    assert len(together(SOURCE / "main.tsx")) > 30
    assert BASE | {"live", "customer", "data", "plan", "webhooks", "settings", "tour"} <= PARTS
