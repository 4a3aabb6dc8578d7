"""How clients of the Bot API pass parameters: in the query, as JSON, as a form, or as a form with files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from onevoice.sandbox.serving import Request


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content_type: str
    data: bytes


class Parameters:
    def __init__(self, values: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        self._values = values
        self.uploads = uploads

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        value = self._values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """Raises: ValueError."""
        value = self._values.get(name)
        return default if value is None or value == "" else int(value)

    def flag(self, name: str) -> bool:
        return self._values.get(name) in {True, "true", "True", "1"}

    def value(self, name: str) -> Any:
        """An object or a list; forms carry it as JSON. Raises: ValueError."""
        value = self._values.get(name)
        return json.loads(value) if isinstance(value, str) and value else value

    def everything(self) -> dict[str, Any]:
        return dict(self._values)


def parameters(request: Request) -> Parameters:
    """Raises: ValueError."""
    values: dict[str, Any] = dict(request.query)
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    uploads: dict[str, Upload] = {}
    if kind == "application/json":
        said = json.loads(request.body or b"{}")
        if not isinstance(said, dict):
            raise ValueError("The body is no object.")
        values |= said
    elif kind == "application/x-www-form-urlencoded":
        values |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    elif kind == "multipart/form-data":
        found = re.search(r'boundary="?([^";]+)"?', rest)
        if found is None:
            raise ValueError("The form has no boundary.")
        _parts(request.body, found[1].encode(), values, uploads)
    return Parameters(values, uploads)


def _parts(body: bytes, boundary: bytes, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("The form does not end.")
    for piece in pieces[1:-1]:
        head, parted, data = piece.partition(b"\r\n\r\n")
        disposition = re.search(rb"(?im)^content-disposition:\s*form-data;(.*)$", head)
        if not parted or disposition is None:
            raise ValueError("A part of the form is none.")
        named = dict(re.findall(r'(name|filename)="((?:[^"\\]|\\.)*)"', disposition[1].decode()))
        kind = re.search(rb"(?im)^content-type:\s*(\S+)", head)
        if "filename" in named:
            content_type = kind[1].decode() if kind else "application/octet-stream"
            uploads[named["name"]] = Upload(named["filename"], content_type, data)
        else:
            values[named["name"]] = data.decode()
