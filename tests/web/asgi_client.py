"""A browser of sorts: speaks to an app in this process, keeps cookies, follows nothing by itself."""

from typing import Any

import anyio
import httpx
from starlette.types import ASGIApp

ORIGIN = "http://onevoice.example"


class AsgiClient:
    def __init__(self, app: ASGIApp, *, address: str = "198.51.100.7", **headers: str) -> None:
        self._app = app
        self._address = address
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=(self._address, 4711))
            async with httpx.AsyncClient(
                transport=transport, base_url=ORIGIN, headers=self._headers, cookies=self.cookies
            ) as client:
                response = await client.request(method, path, **options)
                self.cookies = client.cookies
                return response

        return anyio.run(send)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def change(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """As the console sends changes: from its own origin, with the CSRF token of the cookie."""
        sent = {"Origin": ORIGIN, "X-Onevoice-Csrf": self.cookies.get("onevoice_csrf", ""), **headers}
        return self.request(method, path, json=json, headers=sent)

    def log_in(self, login: str, password: str, next: str | None = None) -> httpx.Response:  # noqa: A002
        form = {"login": login, "password": password} | ({"next": next} if next is not None else {})
        return self.post("/login", data=form, headers={"Origin": ORIGIN})
