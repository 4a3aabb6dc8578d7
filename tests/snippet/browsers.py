"""Chromium and Firefox behind one small face. Firefox speaks WebDriver BiDi by itself."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser as PlaywrightBrowser
from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError
from websockets.sync.client import ClientConnection, connect

from chromium import running_chromium


class Tab(Protocol):
    def open(self, url: str) -> None: ...

    def address(self) -> str:
        """Where it is, also while it is on its way elsewhere."""
        ...

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript, awaited where it is a promise."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Cookie:
    """expires: seconds since 1970; None where it ends with the browser."""

    name: str
    domain: str
    same_site: str
    expires: float | None


class Visitor(Protocol):
    """Somebody with storage of their own, who may open several tabs."""

    def tab(self) -> Tab: ...

    def cookies(self) -> list[Cookie]: ...

    def prepare(self, script: str) -> None:
        """What runs first on every page from now on."""
        ...

    def leave(self) -> None: ...


# Names of hosts that the browsers find on this machine.
SUBDOMAINS = ("www.shop.test", "m.shop.test")


class Browser(Protocol):
    def visitor(self) -> Visitor: ...


# Global Privacy Control.
PRIVACY = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true, configurable: true })"


class _ChromiumTab:
    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, url: str) -> None:
        self._page.goto(url)

    def address(self) -> str:
        try:
            return str(self._page.evaluate("location.href"))
        except PlaywrightError:  # it is between two pages
            return ""

    def run(self, expression: str) -> Any:
        return self._page.evaluate(f"async () => await ({expression})")

    def close(self) -> None:
        self._page.close()


class _ChromiumVisitor:
    def __init__(self, context: BrowserContext) -> None:
        self._context = context

    def tab(self) -> Tab:
        return _ChromiumTab(self._context.new_page())

    def cookies(self) -> list[Cookie]:
        return [
            Cookie(
                each.get("name", ""),
                each.get("domain", ""),
                each.get("sameSite", "").lower(),
                expires if (expires := each.get("expires", -1)) > 0 else None,
            )
            for each in self._context.cookies()
        ]

    def prepare(self, script: str) -> None:
        self._context.add_init_script(script)

    def leave(self) -> None:
        self._context.close()


class Chromium:
    """playwright: what only it can do, such as looks and keys."""

    def __init__(self, browser: PlaywrightBrowser) -> None:
        self.playwright = browser

    def visitor(self) -> Visitor:
        return _ChromiumVisitor(self.playwright.new_context())


@contextmanager
def chromium() -> Iterator[Browser]:
    names = ",".join(f"MAP {name} 127.0.0.1" for name in SUBDOMAINS)
    with running_chromium(f"--host-resolver-rules={names}") as browser:
        yield Chromium(browser)


class _Bidi:
    """Commands of WebDriver BiDi, one after the other; events are passed over."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = count(1)

    def __call__(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


class _FirefoxTab:
    def __init__(self, bidi: _Bidi, context: str) -> None:
        self._bidi = bidi
        self._context = context

    def open(self, url: str) -> None:
        self._bidi("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def address(self) -> str:
        [tree] = self._bidi("browsingContext.getTree", root=self._context)["contexts"]
        return str(tree["url"])

    def run(self, expression: str) -> Any:
        found = self._bidi(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"]) if found["result"]["type"] == "string" else None

    def close(self) -> None:
        self._bidi("browsingContext.close", context=self._context)


class _FirefoxVisitor:
    def __init__(self, bidi: _Bidi) -> None:
        self._bidi = bidi
        self._user = bidi("browser.createUserContext")["userContext"]

    def tab(self) -> Tab:
        made = self._bidi("browsingContext.create", type="tab", userContext=self._user)
        return _FirefoxTab(self._bidi, made["context"])

    def cookies(self) -> list[Cookie]:
        found = self._bidi("storage.getCookies", partition={"type": "storageKey", "userContext": self._user})
        return [Cookie(each["name"], each["domain"], each["sameSite"], each.get("expiry")) for each in found["cookies"]]

    def prepare(self, script: str) -> None:
        self._bidi("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}", userContexts=[self._user])

    def leave(self) -> None:
        self._bidi("browser.removeUserContext", userContext=self._user)


class _Firefox:
    def __init__(self, bidi: _Bidi) -> None:
        self._bidi = bidi

    def visitor(self) -> Visitor:
        return _FirefoxVisitor(self._bidi)


@contextmanager
def firefox() -> Iterator[Browser]:
    profile = Path(tempfile.mkdtemp(prefix="ov-firefox-"))
    (profile / "user.js").write_text(f'user_pref("network.dns.localDomains", "{",".join(SUBDOMAINS)}");\n')
    process = subprocess.Popen(
        ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={"HOME": str(profile), "PATH": "/usr/bin:/bin", "MOZ_HEADLESS": "1"},
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if "WebDriver BiDi listening on" in line:
                address = line.rsplit(" ", 1)[1].strip()
                break
        else:
            raise AssertionError("Firefox ended before it listened.")
        with connect(f"{address}/session", max_size=None) as socket:
            bidi = _Bidi(socket)
            bidi("session.new", capabilities={})
            yield _Firefox(bidi)
            bidi("browser.close")
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stderr.close()
        shutil.rmtree(profile, ignore_errors=True)
