import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.post import Doors
from onevoice import bootstrap
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.templates import (
    EmailParts,
    Footer,
    LinkButton,
    MessengerParts,
    Paragraphs,
    TemplateSource,
    Variant,
)
from onevoice.domains.delivery.rules import clicks
from onevoice.domains.delivery.service import links as service
from onevoice.domains.delivery.service import reading, rendering, settling, templates
from onevoice.domains.delivery.service.doors import Doors as MessageDoors
from onevoice.domains.identity.service.links import Keys
from onevoice.kit.home import Secrets
from onevoice.web.settings import WebSettings
from web.asgi_client import AsgiClient

VAULT, LINK = b"v" * 32, b"l" * 32
PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"}
BUTTON = "https://shop.n.example/boots?size=39#top"
OTHER = "https://elsewhere.example/x"
SOURCE = TemplateSource(
    "en",
    (
        Variant(
            "email",
            "en",
            EmailParts(
                "Boots",
                blocks=(
                    Paragraphs("Your size is here."),
                    LinkButton("See them", BUTTON),
                    LinkButton("Again", BUTTON),
                    LinkButton("A test", OTHER),
                    Footer(),
                ),
            ),
        ),
        Variant("telegram", "en", MessengerParts(f'<a href="{BUTTON}">Boots</a>')),
    ),
)


class Letterbox:
    """A message that was sent, with its links. in_doubt: nobody wrote down whether the provider took it."""

    def __init__(self, post, *, in_doubt=False):
        self.post = post
        self.links = service.Links("https://n.example", Keys(VAULT, LINK))
        post.renderer = rendering.Renderer(Doors(), self.links)
        with post.database.transaction() as conn:
            sites.update(conn, "pl", {"domains": ("n.example",)}, actor="owner", clock=post.clock)
            made = templates.create(
                conn, "pl", "boots", "marketing", "promotions", SOURCE, actor="owner", clock=post.clock
            )
            templates.publish(conn, made.id, revision=1, actor="owner", clock=post.clock)
        self.account = post.account()
        (self.nid,) = post.willing("email")
        self.asked = post.send(self.nid, words=None, template=made.id, version=1)
        claim = post.claim(self.account)
        self.html = claim.claimed[0].outgoing.content.html
        self.text = claim.claimed[0].outgoing.content.text
        if not in_doubt:
            post.settle(self.account, claim)
        post.later(minutes=3)
        if in_doubt:
            with post.database.transaction() as conn:
                settling.recover(conn, post.channels, at=post.clock.now())

    @property
    def tokens(self):
        """Of the links, in their order in the letter."""
        found = [part.split('"')[0].split(")")[0] for part in self.html.split("https://n.example/l/")[1:]]
        return list(dict.fromkeys(found))

    def follow(self, token, method="GET", **headers):
        with self.post.database.transaction() as conn:
            asking = service.Asking(method, {**PERSON, **{name.replace("_", "-"): v for name, v in headers.items()}})
            return self.links.follow(conn, token, asking, clock=self.post.clock, chance=self.post.chance)

    def look(self, **headers):
        token = self.html.split("https://n.example/o/")[1].split('"')[0]
        with self.post.database.transaction() as conn:
            asking = service.Asking("GET", {**PERSON, **{name.replace("_", "-"): v for name, v in headers.items()}})
            return self.links.look(conn, token, asking, clock=self.post.clock, chance=self.post.chance)

    def events(self):
        home = bootstrap.Installation(
            self.post.database, Secrets(VAULT, b"s" * 32, LINK), self.post.clock, self.post.chance
        )
        with bootstrap.linking_steps(home) as step:
            while step():
                pass
        with self.post.database.transaction() as conn:
            rows = conn.execute(
                "select n.name, e.body from identity.event e join identity.name n on n.id = e.name_id order by e.seq"
            ).fetchall()
        return [(name, body.get("properties", {})) for name, body in rows]

    @property
    def state(self):
        return self.post.message(self.asked.id).state


@pytest.fixture
def box(post):
    return Letterbox(post)


@pytest.fixture
def doubt(post):
    made = Letterbox(post, in_doubt=True)
    assert made.state == "uncertain"
    return made


class TestLetter:
    def test_its_links_are_ours_and_carry_nothing(self, box):
        assert BUTTON.split("?", maxsplit=1)[0] not in box.html
        assert OTHER not in box.html
        assert len(box.tokens) == 2  # the same address twice is one link
        for token in box.tokens:
            assert len(base64.urlsafe_b64decode(token)) == 15  # a number and a signature: no room for anything else

    def test_the_ways_out_are_not_counted(self, box):
        assert f"https://n.example/u/{box.asked.id}" in box.html
        assert f"https://n.example/p/{box.asked.id}" in box.html


class TestReading:
    def test_what_was_sent_is_read_again_and_nobody_can_act_for_its_reader(self, box):
        with box.post.database.transaction() as conn:
            shown, _ = reading.one(conn, box.asked.id)
            said = reading.words(conn, shown)
        assert shown.template == "boots"
        assert said.subject == "Boots"
        assert BUTTON in said.text
        assert "n.example/u/" not in said.text
        assert "n.example/l/" not in said.html

    def test_of_erased_words_nothing_is_made_up(self, box):
        with box.post.database.transaction() as conn:
            conn.execute("delete from delivery.content")
            shown, _ = reading.one(conn, box.asked.id)
            assert reading.words(conn, shown) is None


class TestFollow:
    def test_a_person_is_led_on_and_known_there(self, box):
        parts = urlsplit(box.follow(box.tokens[0]))
        told = parse_qs(parts.query)
        assert (parts.hostname, parts.path, parts.fragment) == ("shop.n.example", "/boots", "top")
        assert told["size"] == ["39"]
        assert (told["utm_source"], told["utm_medium"], told["utm_campaign"]) == (["pl"], ["email"], ["promotions"])
        assert len(told["ov"][0]) == 20
        assert box.state == "clicked"
        ((name, properties),) = box.events()
        assert (name, properties["message"], properties["link"]) == ("Link Clicked", box.asked.id, 0)
        assert "machine" not in properties

    def test_elsewhere_nothing_is_added(self, box):
        assert box.follow(box.tokens[1]) == OTHER

    def test_any_changed_byte_leads_nowhere(self, box):
        token = box.tokens[0]
        for place in range(len(token)):
            for letter in "A-z0_":
                if letter != token[place]:
                    assert box.follow(token[:place] + letter + token[place + 1 :]) is None
        assert box.follow(token + "A") is None
        assert box.follow("") is None
        assert box.events() == []

    @pytest.mark.parametrize(
        ("asked", "why"),
        [
            ({"method": "HEAD"}, "method"),
            ({"purpose": "prefetch"}, "prefetch"),
            ({"sec_purpose": "prefetch;prerender"}, "prefetch"),
            ({"user_agent": "Mozilla/5.0 (compatible; bingpreview/1.0)"}, "agent"),
            ({"user_agent": "TelegramBot (like TwitterBot)"}, "agent"),
            ({"user_agent": ""}, "agent"),
        ],
    )
    def test_a_machine_is_led_on_and_says_nothing_of_the_person(self, box, asked, why):
        url = box.follow(box.tokens[0], **asked)
        assert url.startswith("https://shop.n.example/boots")
        assert "ov=" not in url
        assert box.state == "sent"
        assert box.events()[0][1]["machine"] == why

    def test_who_follows_at_once_is_a_gateway(self, box):
        box.post.clock.advance(-timedelta(minutes=3) + timedelta(seconds=1))
        box.follow(box.tokens[0])
        assert (box.state, box.events()[0][1]["machine"]) == ("sent", "too_soon")

    def test_who_follows_every_link_is_a_scanner(self, box):
        box.follow(box.tokens[0])
        box.post.later(seconds=1)
        box.follow(box.tokens[1])
        assert [told.get("machine") for _, told in box.events()] == [None, "too_many"]

    def test_twice_the_same_is_a_person(self, box):
        box.follow(box.tokens[0])
        box.post.later(seconds=1)
        box.follow(box.tokens[0])
        assert [told.get("machine") for _, told in box.events()] == [None, None]


class TestLook:
    def test_an_opened_letter_is_read(self, box):
        assert box.look()
        assert box.state == "read"
        assert box.events()[0][0] == "Message Opened"

    @pytest.mark.parametrize("agent", ["Mozilla/5.0", "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", ""])
    def test_a_providers_proxy_says_nothing_of_a_reader(self, box, agent):
        assert box.look(user_agent=agent)
        assert box.state == ("sent" if agent == "" else "delivered")
        assert "proxy" in box.events()[0][1]


class TestInDoubt:
    """Of a letter of which nobody knew whether it was taken, whoever holds its links has it."""

    def test_a_person_who_follows_has_it(self, doubt):
        went = doubt.post.message(doubt.asked.id).contacted_at
        doubt.follow(doubt.tokens[0])
        found = doubt.post.message(doubt.asked.id)
        assert (found.state, found.sent_at, found.reason) == ("clicked", went, None)

    def test_of_a_template_its_name_is_told_where_it_left(self, doubt):
        doubt.follow(doubt.tokens[0])
        told = [properties for name, properties in doubt.events() if name == "Message Sent"]
        assert told == [{"message": doubt.asked.id, "template": "boots", "class": "marketing", "purpose": "promotions"}]

    def test_a_person_who_opens_it_has_it(self, doubt):
        doubt.look()
        assert doubt.state == "read"

    def test_a_machine_may_stand_on_the_way_to_them(self, doubt):
        doubt.follow(doubt.tokens[0], user_agent="Barracuda")
        assert doubt.state == "sent"

    def test_the_readers_mail_provider_has_it_for_them(self, doubt):
        doubt.look(user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
        assert doubt.state == "delivered"

    def test_a_machine_that_fetches_its_picture(self, doubt):
        doubt.look(user_agent="")
        assert doubt.state == "sent"

    def test_a_forged_link_proves_nothing(self, doubt):
        doubt.follow(doubt.tokens[0][:-1] + "x")
        assert doubt.state == "uncertain"

    def test_its_way_out_was_opened(self, doubt):
        doors = MessageDoors("https://n.example", LINK)
        token = doors.preferences(doubt.asked.id).rsplit("/", 1)[1]
        with doubt.post.database.transaction() as conn:
            assert doors.opened(conn, token, doubt.post.clock.now()) is not None
        assert doubt.state == "sent"

    def test_what_is_being_sent_waits_for_its_providers_answer(self, post):
        """A gateway follows links before it takes a letter, or refuses it."""
        box = Letterbox(post)
        with post.database.transaction() as conn:
            conn.execute("update delivery.message set state = 2, sent_at = null")
        box.follow(box.tokens[0], user_agent="Barracuda")
        assert box.state == "sending"


class TestPages:
    """Over HTTP, as whoever has a letter asks."""

    @pytest.fixture
    def web(self, box):
        home = bootstrap.Installation(
            box.post.database, Secrets(VAULT, b"s" * 32, LINK), box.post.clock, box.post.chance
        )
        return AsgiClient(bootstrap.api(home, WebSettings()))

    def test_it_redirects_and_tells_nobody_from_where(self, box, web):
        answer = web.get(f"/l/{box.tokens[0]}", headers=PERSON)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("https://shop.n.example/boots?size=39&utm_source=pl")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(("language", "words"), [("ru", "никуда не ведёт"), ("pl", "donikąd"), ("en", "nowhere")])
    def test_what_is_not_ours_is_a_page_that_says_so(self, box, web, language, words):
        answer = web.get(f"/l/{box.tokens[0][:-1]}x", headers={"accept-language": language})
        assert answer.status_code == 404
        assert words in answer.text

    def test_a_picture_that_is_not_ours(self, web):
        answer = web.get("/o/AAAAAAAAAAAAAAAAAAAA")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "image/gif")


class TestTagged:
    @given(st.text(max_size=60), st.text(alphabet="ab?&=#%/:.", max_size=30))
    def test_any_text_is_let_through_or_tagged(self, host, rest):
        url = f"https://{host}{rest}"
        made = clicks.tagged(url, source="n", medium="email", campaign="c", domains=["n.example"])
        assert made == url or "utm_source=n" in made

    def test_what_is_said_already_stays(self):
        url = "https://n.example/?utm_source=mine"
        made = clicks.tagged(url, source="n", medium="email", campaign="c", domains=["n.example"])
        assert made == "https://n.example/?utm_source=mine&utm_medium=email&utm_campaign=c"
