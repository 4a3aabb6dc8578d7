"""What `furnish` asks the running installation with: the same HTTP that the console and a shop's programs speak."""

import base64
import hashlib
import hmac
import http.client
import json
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT_SECONDS = 30


class RefusedError(Exception):
    """The installation said no. The message is its own."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status


class Caller:
    """One person signed in, as a browser is. address: of the installation, such as http://127.0.0.1:8600."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._headers: dict[str, str] = {}

    def log_in(self, login: str, password: str) -> None:
        """Raises: RefusedError, also where a code is asked for beside the password."""
        form = urlencode({"login": login, "password": password}).encode()
        status, headers, _ = self._ask("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        cookies = SimpleCookie()
        for line in headers.get_all("Set-Cookie", []):
            cookies.load(line)
        if status != http.HTTPStatus.SEE_OTHER or "onevoice_csrf" not in cookies:
            raise RefusedError(status, f"{login} cannot log in with the demo's password")
        self._headers = {
            "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
            "X-Onevoice-Csrf": cookies["onevoice_csrf"].value,
        }

    def get(self, path: str, **params: str) -> Any:
        """Raises: RefusedError."""
        return self.send("GET", f"{path}?{urlencode(params)}" if params else path)

    def every(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list. Raises: RefusedError."""
        rows: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.get(path, limit="100", **({"cursor": cursor} if cursor else {}))
            rows += page["data"]
            cursor = page["next_cursor"]
            if not cursor:
                return rows

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Raises: RefusedError."""
        raw = None if body is None else json.dumps(body).encode()
        return self._json(method, path, raw, {**self._headers, "Content-Type": "application/json"})

    def put_piece(self, path: str, piece: bytes) -> None:
        """Raises: RefusedError."""
        self._json("PUT", path, piece, {**self._headers, "Content-Type": "application/octet-stream"})

    def batch(self, write_key: str, events: list[Any]) -> None:
        """Events as a client sends them. Raises: RefusedError."""
        given = base64.b64encode(f"{write_key}:".encode()).decode()
        self._json("POST", "/v1/batch", json.dumps({"batch": events}).encode(), {"Authorization": f"Basic {given}"})

    def deliver(self, public_id: str, secret: str, message_id: str, sent_at: int, payload: Any) -> None:
        """A webhook's delivery, signed by Standard Webhooks. sent_at: seconds since 1970. Raises: RefusedError."""
        body = json.dumps(payload, ensure_ascii=False).encode()
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = hmac.digest(key, b"%s.%d.%s" % (message_id.encode(), sent_at, body), hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        }
        self._json("POST", f"/v1/webhooks/{quote(public_id)}", body, headers)

    def read_with(self, secret_key: str, path: str) -> None:
        """As a program that has a secret key. Raises: RefusedError."""
        self._json("GET", path, None, {"Authorization": f"Bearer {secret_key}"})

    def _json(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        status, _, raw = self._ask(method, path, body, headers)
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise RefusedError(status, f"{method} {path}: {raw.decode(errors='replace')[:300]}")
        return json.loads(raw) if raw else None

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise RefusedError(0, f"{method} {path}: {error}") from error
        finally:
            connection.close()
