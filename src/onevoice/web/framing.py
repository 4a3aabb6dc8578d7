"""The page in which the console shows what a letter looks like.

A letter's look stands in its elements, which the console's own policy forbids. So it is shown in a frame with a policy
of its own, as a document within that where no script runs and from which nothing leads out. The console hands it over;
the server keeps nothing of it.
"""

import base64
import hashlib

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

ADDRESS = "/pages/letter"

_SCRIPT = """
addEventListener("message", (event) => {
  if (event.source === parent) document.querySelector("iframe").srcdoc = String(event.data);
});
parent.postMessage("ready", "*");
"""
_PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Letter</title>
<style>html,body{{height:100%;margin:0;overflow:hidden}}iframe{{display:block;width:100%;height:100%;border:0}}</style>
</head><body><iframe sandbox title="Letter"></iframe><script>{_SCRIPT}</script></body></html>"""
_DIGEST = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; script-src 'sha256-{_DIGEST}'; style-src 'unsafe-inline'; img-src https: http: data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-scripts"
)


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(ADDRESS)
    def letter() -> HTMLResponse:
        """`sandbox` gives it an origin of its own: not even the one script here could act as whoever looks on."""
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
        return HTMLResponse(_PAGE, headers=headers)

    return routes
