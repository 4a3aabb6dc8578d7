"""The console's files and its page."""

import anyio
import pytest

HTML = {"Accept": "text/html,*/*;q=0.8"}


class TestOutsider:
    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("/", "/login"),
            ("/live", "/login?next=/live"),
            ("/customers?q=a&b=c", "/login?next=/customers%3Fq%3Da%26b%3Dc"),
            ("/customers/email:anna@shop.example", "/login?next=/customers/email%3Aanna%40shop.example"),
        ],
    )
    def test_is_sent_to_log_in_and_back(self, site, path, location):
        response = site.stranger().get(path, headers=HTML)
        assert (response.status_code, response.headers["location"]) == (303, location)

    def test_is_told_when_the_session_ended(self, site):
        client = site.stranger()
        client.cookies.set("onevoice_session", "ended")
        assert client.get("/live", headers=HTML).headers["location"] == "/login?next=/live&ended=1"

    @pytest.mark.parametrize("path", ["//evil.example", "///evil.example/x", "/%5Cevil.example", "/%09/evil.example"])
    def test_is_not_sent_elsewhere(self, site, path):
        location = site.stranger().get(f"http://onevoice.example{path}", headers=HTML).headers.get("location", "/login")
        assert location.startswith("/login")

    @pytest.mark.parametrize(
        "path",
        [
            "/.env",
            "/assets/../../outside.txt",
            "/..%2foutside.txt",
            "/assets/%2e%2e/%2e%2e/outside.txt",
            "/assets/..%5c..%5coutside.txt",
            "/assets/link.txt",
            "/%2fetc/passwd",
            "/assets//etc/passwd",
            "/assets/" + "a" * 5000,
        ],
    )
    def test_reads_nothing_outside_the_folder(self, site, path):
        response = site.stranger().get(path)
        assert response.status_code == 404
        assert "SECRET" not in response.text
        assert "root:" not in response.text

    def test_a_lost_address_of_the_api_is_no_page(self, site):
        assert site.person().get("/api/lost", headers=HTML).json()["code"] == "not_found"
        assert site.person().get("/v1/lost", headers=HTML).json()["code"] == "not_found"


class TestPage:
    @pytest.mark.parametrize("path", ["/", "/live", "/customers/email:anna@shop.example", "/index.html"])
    def test_every_address_of_the_console_is_its_page(self, site, path):
        response = site.person().get(path, headers=HTML)
        assert response.status_code == 200
        assert "<title>Console</title>" in response.text
        assert response.headers["cache-control"] == "no-store"

    def test_what_asks_for_no_page_gets_none(self, site):
        assert site.person().get("/lost.js", headers={"Accept": "*/*"}).status_code == 404

    def test_an_unbuilt_console_says_what_to_do(self, build):
        response = build(built=False).person().get("/", headers=HTML)
        assert response.status_code == 503
        assert "make console" in response.text


class TestFiles:
    @pytest.mark.parametrize(
        ("accept", "encoding", "content"),
        [("gzip, br", b"br", b"brotli"), ("gzip;q=1.0", b"gzip", b"gzip"), ("identity", None, b"export {}")],
    )
    def test_the_smallest_that_is_accepted(self, site, accept, encoding, content):
        headers, body = raw(site.app, "/assets/main-0a1b2c.js", accept)
        assert headers.get(b"content-encoding") == encoding
        assert headers[b"vary"] == b"Accept-Encoding"
        assert body == content

    def test_assets_are_kept_for_ever_and_have_their_types(self, site):
        response = site.stranger().get("/assets/main-0a1b2c.js", headers={"Accept-Encoding": "identity"})
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["content-type"].startswith("text/javascript")
        font = site.stranger().get("/assets/golos-text-latin-wght-normal-Zz9.woff2")
        assert font.headers["content-type"] == "font/woff2"

    def test_other_files_for_an_hour(self, site):
        response = site.stranger().get("/icon.svg")
        assert response.headers["cache-control"] == "public, max-age=3600"
        assert response.headers["content-type"].startswith("image/svg+xml")

    @pytest.mark.parametrize(
        ("file", "text", "cache"),
        [
            ("onevoice.js", "snippet", "public, max-age=3600"),
            ("onevoice-chat.js", "chat", "public, max-age=3600"),
            ("onevoice-chat-pl-0a1b2c.js", "words", "public, max-age=31536000, immutable"),
        ],
    )
    def test_the_snippet_is_for_everybodys_pages_and_nothing_else_is(self, site, file, text, cache):
        response = site.stranger().get(f"/{file}", headers={"Origin": "https://shop.example"})
        assert response.text == text
        assert response.headers["content-type"].startswith("text/javascript")
        assert response.headers["cache-control"] == cache
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        assert response.headers["access-control-allow-origin"] == "*"
        other = site.stranger().get("/icon.svg", headers={"Origin": "https://shop.example"})
        assert other.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in other.headers

    def test_without_a_snippet_there_is_none(self, build):
        assert build(built=False).stranger().get("/onevoice.js").status_code == 404

    def test_a_lost_asset_is_no_page(self, site):
        assert site.person().get("/assets/old-123.js", headers=HTML).status_code == 404


def raw(app, path, accept_encoding):
    """The answer as sent: the client of the other tests would unpack it."""
    messages = []

    async def send(message):
        messages.append(message)

    async def receive():
        await anyio.sleep_forever()

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"onevoice.example"), (b"accept-encoding", accept_encoding.encode())],
        "client": ("198.51.100.7", 1),
        "server": ("onevoice.example", 80),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }
    anyio.run(app, scope, receive, send)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return dict(messages[0]["headers"]), body
