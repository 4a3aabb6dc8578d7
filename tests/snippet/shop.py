"""A shop on an origin of its own, whose policy leaves room for the snippet only; and a gate before the server."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

POLICY = (
    "default-src 'none'; script-src 'nonce-shop' {server}; connect-src {server}; img-src data:; base-uri 'none';"
    " style-src 'nonce-shop'; font-src 'self'"
)
PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{path}</title>
<link rel="icon" href="data:,">
<script nonce="shop">
  window.violations = []
  document.addEventListener("securitypolicyviolation", (event) =>
    violations.push(event.violatedDirective + " " + event.blockedURI))
  window.onevoice = window.onevoice || []
</script>
<script async src="{source}/onevoice.js" data-key="{key}" data-server="{server}" {more}></script>
<p><a id="away" href="/away">Away</a></p>
<script nonce="shop">
  document.getElementById("away").addEventListener("click", () => onevoice.track("Left", {{ n: 0 }}))
</script>
"""


class Shop:
    """source: where the snippet is loaded from; server: where it sends to; sockets: whether its policy lets them be."""

    def __init__(
        self,
        source: str,
        server: str,
        key: str,
        more: str = 'data-page="off"',
        *,
        page: str = PAGE,
        port: int = 0,
        language: str = "en",
        sockets: bool = True,
        files: Mapping[str, Path] = MappingProxyType({}),
    ) -> None:
        shop = self
        self._page = page
        self._fields = {"source": source, "server": server, "key": key, "more": more, "language": language}
        socket_ = f" {server.replace('http', 'ws', 1)}" if sockets else ""
        self._policy = POLICY.format(server=f"{source} {server}{socket_}")

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                file = files.get(self.path)
                body = file.read_bytes() if file else shop._page.format(path=self.path, **shop._fields).encode()
                self.send_response(200)
                self.send_header("Content-Type", "font/woff2" if file else "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", shop._policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def at(self, host: str) -> str:
        """Its address under another name."""
        return f"http://{host}:{self._http.server_port}"

    @contextmanager
    def open(self) -> Iterator["Shop"]:
        thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()


class Gate:
    """Passes connections on to a port while it is open; while it is shut they are torn as soon as they are made."""

    def __init__(self, port: int, *, is_open: bool = True) -> None:
        self._upstream = port
        self.is_open = is_open
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._living: set[socket.socket] = set()
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        self.is_open = False
        for each in list(self._living):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.shut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if not self.is_open:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._upstream))
            self._living |= {client, server}
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for each in (source, target):
            self._living.discard(each)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
