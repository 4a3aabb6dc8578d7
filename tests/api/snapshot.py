"""The API's description, kept beside the tests so that a change of the contract is seen in review.

Write it anew with `python tests/api/snapshot.py`.
"""

import json
from pathlib import Path
from typing import Any

from onevoice import bootstrap
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.home import Secrets
from onevoice.web.settings import WebSettings

KEPT = Path(__file__).parent / "openapi.json"


def described() -> dict[str, Any]:
    """What the server says of itself. Nothing is started: the database is never opened."""
    nobody = Database("postgresql://nobody@127.0.0.1:1/none")
    installation = bootstrap.Installation(nobody, Secrets(b"", b"", b""), SystemClock(), SystemChance())
    description = bootstrap.api(installation, WebSettings()).openapi()
    description["info"]["version"] = "any"
    return description


def written(description: dict[str, Any]) -> str:
    return json.dumps(description, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    KEPT.write_text(written(described()), encoding="utf-8")
    print(f"wrote {KEPT}")
