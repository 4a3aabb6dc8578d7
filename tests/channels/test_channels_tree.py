"""Each channel of ours: where it lies, how it is found, and that its settings are told."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from onevoice.domains.delivery.ports import Channel

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(file.parent for file in (ROOT / "src" / "onevoice" / "channels").glob("*/manifest.toml"))
ENTRIES: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][
    "onevoice.channels"
]


def loaded(entry: str) -> Channel:
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(module), name)


class TestTree:
    def test_every_folder_is_a_channel(self) -> None:
        folders = {file.parent for file in (ROOT / "src" / "onevoice" / "channels").glob("*/*.py")}
        assert {*FOLDERS} == folders
        assert all((folder / "adaptor.py").is_file() for folder in folders)

    def test_every_channel_is_found_by_its_entry_point(self) -> None:
        assert {loaded(entry).manifest.kind for entry in ENTRIES.values()} == {*ENTRIES}
        assert {entry.split(".")[2] for entry in ENTRIES.values()} == {folder.name for folder in FOLDERS}

    @pytest.mark.parametrize("kind", ENTRIES)
    def test_every_channel_has_a_peer_it_was_held_against(self, kind: str) -> None:
        assert loaded(ENTRIES[kind]).manifest.referee or kind.startswith("sandbox")

    @pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
    def test_every_setting_is_told(self, folder: Path) -> None:
        page = (ROOT / "docs" / "reference" / "channels" / f"{folder.name}.md").read_text()
        told = re.findall(r"^\| `(\w+)` \|", page.partition("## Settings")[2].partition("\n## ")[0], re.MULTILINE)
        settings = tomllib.loads((folder / "manifest.toml").read_text())["settings"]
        assert told == [setting["name"] for setting in settings]
