"""A shop's page on an origin of its own, with the browser library as its package ships it."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NODE = Path(__file__).parent / "node"
LIBRARY = NODE / "node_modules" / "@segment" / "analytics-next" / "dist" / "umd" / "index.js"
FILES = {"/": NODE / "browser.html", "/analytics.js": LIBRARY}


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = FILES.get(self.path.partition("?")[0])
        body = found.read_bytes() if found else b""
        self.send_response(200 if found else 404)
        kind = "text/html; charset=utf-8" if found and found.suffix == ".html" else "text/javascript; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its parent calls it
        """Says nothing."""


@contextmanager
def shop_page() -> Iterator[str]:
    """The page's address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Page))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
