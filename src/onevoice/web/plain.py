"""What the pages share that the server itself draws, and that work without a script: fonts, files, language, forms."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import Response

from onevoice.kit.i18n import Language, is_language, preferred
from onevoice.web.console import ASSETS

LANGUAGE_COOKIE = "onevoice_language"

_FIELDS_MAX = 10
_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript"}

# Which letters each subset of the font holds, as far as our three languages need them.
_SUBSETS = {
    "latin-ext": "U+0100-0130, U+0132-0151, U+0154-02BA, U+1E00-1E9F, U+20A0-20AB",
    "latin": "U+0000-00FF, U+0131, U+0152-0153, U+2000-206F, U+20AC, U+2122, U+2212",
    "cyrillic": "U+0301, U+0400-045F, U+0490-0491, U+2116",
}


class Asset:
    """A file beside a page. Its name holds a digest of its content, so that browsers may keep it for ever."""

    def __init__(self, stem: str, suffix: str, content: str) -> None:
        self._stem = stem
        self._suffix = suffix
        self._content = content
        self._name = f"{stem}-{hashlib.sha256(content.encode()).hexdigest()[:12]}.{suffix}"
        self.address = f"/pages/{self._name}"

    def serve(self, routes: APIRouter) -> None:
        """Any name of it is answered with the present one, so that a page from before an upgrade keeps its look."""

        @routes.get(f"/pages/{self._stem}-{{digest}}.{self._suffix}")
        def asset(digest: str) -> Response:
            now = self._name == f"{self._stem}-{digest}.{self._suffix}"
            cache = "public, max-age=31536000, immutable" if now else "no-store"
            return Response(self._content, media_type=_MEDIA_TYPES[self._suffix], headers={"Cache-Control": cache})


def font_faces(console: Path) -> str:
    """CSS that borrows the font of the built console in this folder; nothing where it is not built."""
    faces: list[str] = []
    for file in sorted((console / ASSETS).glob("golos-text-*.woff2")):
        subset = next((each for each in _SUBSETS if file.name.startswith(f"golos-text-{each}-wght")), None)
        if subset is not None:
            faces.append(
                f'@font-face{{font-family:"Golos Text Variable";font-weight:400 900;font-display:swap;'
                f'src:url("/{ASSETS}/{file.name}") format("woff2");unicode-range:{_SUBSETS[subset]}}}\n'
            )
    return "".join(faces)


def language_of(request: Request, wished: str | None = None) -> Language:
    """What the address asks for, else what the reader chose before, else what the browser would like best."""
    for chosen in (request.query_params.get("lang"), wished, request.cookies.get(LANGUAGE_COOKIE)):
        if is_language(chosen):
            return chosen
    return preferred(request.headers.get("accept-language"))


async def fields(request: Request, *, most: int = _FIELDS_MAX) -> Mapping[str, Sequence[str]]:
    """The fields of a plain form, each with its values; nothing when the body is no such form."""
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return {}


async def form(request: Request) -> dict[str, str]:
    """The last value of each."""
    return {name: values[-1] for name, values in (await fields(request)).items()}
