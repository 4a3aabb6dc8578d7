"""The demo's shop over HTTP: its pages in three languages, what they hold and what they never do."""

import json
import re
import urllib.error
import urllib.request
from html.parser import HTMLParser

import msgspec
import pytest

from onevoice.sandbox import shop
from onevoice.sandbox.keeping import About, Goods, Persona, Range
from onevoice.sandbox.serving import Request, Server
from onevoice.sandbox.shop_words import ABOUT, LANGUAGES, WORDS

HOSTILE = "</script><script>alert(1)</script>\"'&<b>"
SECRET, WRITE = "ov_secret_only-for-the-pocket", "ov_write_anybody-may-read-it"


def named(name):
    return dict.fromkeys(LANGUAGES, name)


RANGE = Range(
    [
        Goods("brama-chelsea", "shoes", {**named("Brama"), "pl": "Sztyblety Brama"}, 48_900, ["38", "39"], ["39"]),
        Goods("tatra-boots", "boots", named(HOSTILE), 38_900, ["38"]),
    ],
    {"boots": named("Hiking"), "shoes": named("Everyday")},
    "PLN",
    "Gdańsk",
)
PEOPLE = [
    Persona("anna", "Anna Kowalska", "pl", "telegram:1", 1, "anna@x.example", "20817", "a_b91e"),
    Persona("ilya", "Ilya", "ru", "telegram:2", 2),
]
ABOUT_IT = About(
    {"pocket": 8610, "shop": 8614}, "7000001:AAtoken", "password-of-the-mailbox", "halny_bot", "Halny",
    "halny.example", "PL", PEOPLE, address="http://127.0.0.1:8600", key=SECRET, write_key=WRITE, range=RANGE,
)  # fmt: skip
PATHS = ("", "boots", "shoes", "boots/tatra-boots", "shoes/brama-chelsea", "cart", "account")


def ask(path, host="127.0.0.1:8614", *, method="GET", about=ABOUT_IT, **headers):
    return shop.Shop(lambda: about).answer(Request(method, path, {}, {"host": host, **headers}, b""))


def told(reply):
    """What the page's script works with."""
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', reply.body.decode())
    return json.loads(found[1])


class Parts(HTMLParser):
    """Scripts, and every address that the page asks for."""

    def __init__(self, page):
        super().__init__()
        self.scripts, self.addresses, self.attributes = [], [], set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.attributes |= given.keys()
        if tag == "script":
            self.scripts.append(given)
        self.addresses += [given[name] for name in ("src", "href") if given.get(name)]


class TestPages:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("path", PATHS)
    def test_each_page_is_there_in_each_language(self, path, language):
        reply = ask(f"/{language}/{path}")
        page = reply.body.decode()
        assert reply.status == 200
        assert f'<html lang="{language}">' in page
        assert all(f'href="/{each}/{path}"' in page for each in LANGUAGES)
        assert WORDS[language]["invented"] in page.partition("<main")[0]

    @pytest.mark.parametrize(
        "path",
        ["/de/", "/pl/hats", "/pl/shoes/tatra-boots", "/pl/cart/x", "//evil.example/", "/shop.py", "/fonts/x"],
    )
    def test_what_is_not_there_is_not_found(self, path):
        assert ask(path).status == 404

    def test_the_first_address_leads_to_the_visitors_language(self):
        assert ask("/").headers["location"] == "/pl/"
        assert ask("/", **{"accept-language": "de,en;q=0.8"}).headers["location"] == "/en/"
        assert ask("/", "ilya.localhost:8614", **{"accept-language": "en"}).headers["location"] == "/ru/"

    @pytest.mark.parametrize(
        ("language", "price"), [("pl", "489,00\u00a0zł"), ("ru", "489,00\u00a0zł"), ("en", "489.00\u00a0zł")]
    )
    def test_prices_are_written_as_the_language_does(self, language, price):
        assert price in ask(f"/{language}/shoes/brama-chelsea").body.decode()

    def test_what_is_sold_out_cannot_be_chosen(self):
        page = ask("/en/shoes/brama-chelsea").body.decode()
        assert re.search(r'value="38" required checked', page)
        assert re.search(r'value="39" required disabled', page)

    def test_every_language_says_everything(self):
        assert len({frozenset(words) for words in WORDS.values()}) == 1
        assert all(set(lines) == set(LANGUAGES) for lines in ABOUT.values())

    @pytest.mark.parametrize("path", PATHS)
    def test_names_are_text(self, path):
        reply = ask(f"/en/{path}")
        assert "alert(1)</script>" not in reply.body.decode()
        assert [each.get("src") for each in Parts(reply.body.decode()).scripts] == [
            None, "/shop.js", None, "http://127.0.0.1:8600/onevoice.js",
        ]  # fmt: skip
        assert told(reply)["goods"]["tatra-boots"]["name"] == HOSTILE

    @pytest.mark.parametrize("path", PATHS)
    def test_it_asks_for_nothing_from_elsewhere_but_the_snippet(self, path):
        parts = Parts(ask(f"/en/{path}").body.decode())
        elsewhere = {each for each in parts.addresses if not each.startswith(("/", "#", "data:,"))}
        assert elsewhere == {"http://127.0.0.1:8600/onevoice.js"}
        assert not parts.attributes & {"style", "onclick", "onload"}

    def test_the_snippet_is_the_two_lines_of_the_documentation(self):
        page = ask("/en/").body.decode()
        assert "<script>window.onevoice = window.onevoice || []</script>" in page
        tag = f'<script async src="http://127.0.0.1:8600/onevoice.js" data-key="{WRITE}" data-chat></script>'
        assert tag in page

    def test_before_the_demo_has_a_key_there_is_no_snippet(self):
        page = ask("/en/", about=msgspec.structs.replace(ABOUT_IT, write_key=""))
        assert "onevoice.js" not in page.body.decode()


class TestDoor:
    @pytest.mark.parametrize("path", [*(f"/en/{path}" for path in PATHS), "/nowhere", "/shop.js", "/"])
    @pytest.mark.parametrize("host", ["127.0.0.1:8614", "anna.localhost:8614"])
    def test_no_secret_is_told(self, path, host):
        reply = ask(path, host)
        answer = reply.body + json.dumps(dict(reply.headers)).encode()
        assert all(each.encode() not in answer for each in (SECRET, ABOUT_IT.token, ABOUT_IT.password))

    def test_only_whose_browser_it_is_finds_an_account_there(self):
        assert told(ask("/en/account", "anna.localhost:8614"))["accounts"] == {
            "anna@x.example": ["20817", "Anna Kowalska"]
        }
        for host in ("127.0.0.1:8614", "ilya.localhost:8614", "nobody.localhost:8614"):
            reply = ask("/en/account", host)
            assert told(reply)["accounts"] == {}
            assert told(reply)["before"] is None
            assert b"anna@x.example" not in reply.body

    @pytest.mark.parametrize("host", ["evil.example", "anna.localhost.evil.example", "", "127.0.0.1.evil.example"])
    def test_under_somebody_elses_name_there_is_nothing(self, host):
        assert ask("/en/", host).status == 404

    def test_nothing_is_taken(self):
        assert ask("/en/account", method="POST").status == 405
        assert ask("/en/", method="HEAD").body == b""

    def test_a_page_runs_its_own_scripts_and_onevoices_and_only_the_pocket_frames_it(self):
        policy = ask("/en/").headers["content-security-policy"]
        rules = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert rules["default-src"] == "'none'"
        assert "unsafe" not in policy
        assert rules["frame-ancestors"] == "http://127.0.0.1:8610 http://localhost:8610"
        assert rules["connect-src"] == "'self' http://127.0.0.1:8600 ws://127.0.0.1:8600"

    def test_its_files_are_served_and_no_others(self):
        kinds = [ask(f"/shop.{name}").headers["content-type"].partition(";")[0] for name in ("css", "js", "svg")]
        assert kinds == ["text/css", "text/javascript", "image/svg+xml"]
        fonts = re.findall(rb"url\((/fonts/[^)]+)\)", ask("/shop.css").body)
        assert len(fonts) == 3
        assert {ask(font.decode()).headers["content-type"] for font in fonts} == {"font/woff2"}
        for path in ("/fonts/../../keeping.py", "/fonts/index.js", "/shop_page.py", "/../shop.py"):
            assert ask(path).status == 404

    def test_each_product_has_a_drawing(self):
        drawn = set(re.findall(r'<symbol id="([^"]+)"', ask("/shop.svg").body.decode()))
        assert drawn == set(ABOUT)

    def test_it_answers_over_a_socket(self):
        with Server(shop.Shop(lambda: ABOUT_IT).answer) as server:
            with urllib.request.urlopen(f"{server.url}/en/") as answer:
                assert answer.status == 200
            with pytest.raises(urllib.error.HTTPError) as gone:
                urllib.request.urlopen(f"{server.url}/nowhere")
        gone.value.close()
        assert gone.value.code == 404
