"""The files of the pocket's page, and under which policy a browser may use them."""

import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path

from onevoice.sandbox.serving import Reply

FOLDER = Path(__file__).parent.parent / "static" / "pocket"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self';"
    " frame-src 'self'{shop}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_NAME = re.compile(r"(assets/)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_TYPES = {".js": "text/javascript", ".woff2": "font/woff2"}
NOT_BUILT = b"The pocket's page is not built. Install Onevoice anew: its build makes it.\n"


class Page:
    """shop: its port. Besides letters, that is all that is shown in a frame."""

    def __init__(self, folder: Path = FOLDER, *, shop: int | None = None) -> None:
        self._folder = folder
        self._policy = _PAGE_POLICY.format(shop="" if shop is None else f" http://*.localhost:{shop}")

    def file(self, path: str) -> Reply | None:
        """None where there is no such file."""
        name = "index.html" if path == "/" else path.removeprefix("/")
        file = self._folder / name
        if not _NAME.fullmatch(name) or not file.is_file():
            return Reply(503, NOT_BUILT, self.plain()) if path == "/" else None
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind.endswith(("svg+xml", "json"))
        kept = "max-age=31536000, immutable" if path.startswith("/assets/") else "no-store"
        return Reply(
            200,
            file.read_bytes(),
            {**_ALWAYS, "content-type": f"{kind}; charset=utf-8" if text else kind, "cache-control": kept}
            | ({"content-security-policy": self._policy} if kind == "text/html" else {}),
        )

    @staticmethod
    def letter(document: bytes) -> Reply:
        """Somebody else's HTML: it may be looked at, and nothing else."""
        headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
        return Reply(200, document, {**_ALWAYS, **headers, "content-security-policy": _LETTER_POLICY})

    @staticmethod
    def plain() -> Mapping[str, str]:
        """Headers of what is no page."""
        return {**_ALWAYS, "cache-control": "no-store", "content-type": "text/plain; charset=utf-8"}
