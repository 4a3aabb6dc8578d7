"""The pocket over HTTP, before an installation made of a few answers: what may be asked, what it does and tells."""

import json
import time
import urllib.error
import urllib.request
from smtplib import SMTP

import pytest

from onevoice.sandbox import keeping, program
from onevoice.sandbox.keeping import About, Kept, KeptChat, KeptRoom, Persona
from onevoice.sandbox.serving import Reply, Server, json_reply
from support import free_port

KEY = "ov_secret_only-for-this-process"
ADDRESS = "anna@kowalska.example"
CHAT = 501


class Installation:
    """Answers as the API does; messages: what it says of its own. asked: what it heard."""

    def __init__(self):
        self.messages, self.events, self.consents, self.asked, self.clicks = [], [], [], [], []
        self.refusal = None
        self.strangers = ()

    def answer(self, request):
        if request.path.startswith("/unsubscribe/"):
            self.clicks.append(request.body)
            return Reply(200)
        self.asked.append((request.method, request.path, request.headers.get("authorization"), request.body))
        if request.path.removeprefix("/api/profiles/") in self.strangers:
            return json_reply({"code": "unknown_profile", "detail": "Nobody."}, 404)
        if self.refusal is not None:
            return json_reply({"code": "unknown_profile", "detail": "Nobody."}, self.refusal)
        if request.path.endswith("/events"):
            return json_reply({"data": self.events})
        if request.path.endswith("/consents/history"):
            return json_reply({"data": self.consents})
        if request.path.startswith("/api/profiles/"):
            return json_reply({"id": "7", "name": "Anna Kowalska"})
        if request.path == "/api/message-considerations":
            return json_reply({"outcome": {"action": "send", "channel": "telegram"}, "candidates": []})
        if request.path == "/api/messages" and request.method == "POST":
            return json_reply({"id": "1", "state": "queued"})
        if request.path == "/api/messages":
            return json_reply({"data": self.messages})
        if request.path.startswith("/api/messages/"):
            return json_reply(next(each for each in self.messages if request.path.endswith(f"/{each['id']}")))
        return Reply(404)


def message(number, state="sent", **more):
    return {
        "id": str(number), "provider_id": f"{CHAT}:{number}", "channel": "telegram", "state": state, "attempts": 1,
        "sent_at": None, "asked_at": "2026-11-27T12:00:00.000Z", "due_at": "2026-11-27T12:00:00.000Z", "rule": None,
        "why": None, "class": "conversational", "purpose": "orders", "template": None, "preview": None, "tries": [],
        "content": {"subject": None, "text": "Hello"}, **more,
    }  # fmt: skip


@pytest.fixture
def installation():
    made = Installation()
    with Server(made.answer) as server:
        made.url = server.url
        yield made


@pytest.fixture
def stands(tmp_path, installation):
    people = [
        Persona("anna", "Anna", "pl", f"telegram:{CHAT}", CHAT, ADDRESS),
        Persona("ilya", "Ilya", "ru", "telegram:502", 502),
    ]
    ports = {name: free_port() for name in ("pocket", "telegram", "smtp", "imap")}
    about = About(
        ports, "7000001:AA0123456789", "secret", "halny_bot", "Halny", "halny.example", "PL", people,
        address=installation.url, key=KEY,
    )  # fmt: skip
    chats = [KeptChat(CHAT, "Anna", started=True), KeptChat(502, "Ilya")]
    keeping.write(tmp_path / "kept.json", Kept(about, room=KeptRoom(chats)))
    made = program.StandIns(tmp_path / "kept.json")
    made.start()
    made.url = f"http://127.0.0.1:{ports['pocket']}"
    yield made
    made.stop()


def fetch(stands, path, headers=None, body=None):
    asked = urllib.request.Request(stands.url + path, body, headers or {})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def act(stands, what, person="anna", **given):
    body = json.dumps({"do": what, "person": person, **given}).encode()
    status, _, answer = fetch(stands, "/pocket/act", {"X-Pocket": "1"}, body)
    return status, json.loads(answer)


def state(stands, person="anna", seen=""):
    told = json.loads(fetch(stands, f"/pocket/state?person={person}&seen={seen}")[2])
    return told["version"], told["state"]


def until(stands, holds, person="anna"):
    version, told = state(stands, person)
    limit = time.monotonic() + 20
    while not holds(told) and time.monotonic() < limit:
        version, told = state(stands, person, version)
    assert holds(told), told
    return told


def letter(stands, *head, body="Hi", to=ADDRESS):
    with SMTP("127.0.0.1", stands.about.ports["smtp"]) as smtp:
        lines = ["From: Halny <hello@halny.example>", "Subject: Hello", *head]
        smtp.sendmail("b@halny.example", to, "\r\n".join([*lines, "", body, ""]))


class TestDoor:
    def test_under_somebody_elses_name_there_is_nothing(self, stands):
        for path in ("/", "/pocket/state", "/pocket/letter?uid=1"):
            assert fetch(stands, path, {"Host": "evil.example"})[0] == 404

    def test_without_the_header_nothing_is_done(self, stands):
        body = json.dumps({"do": "say", "person": "anna", "text": "Hi"}).encode()
        assert fetch(stands, "/pocket/act", {}, body)[0] == 404
        assert stands.telegram.chats[CHAT].messages == {}

    def test_nobody_else_may_read_it(self, stands):
        for path in ("/pocket/state", "/"):
            headers = {name.lower() for name in fetch(stands, path, {"Origin": "https://evil.example"})[1]}
            assert "access-control-allow-origin" not in headers
            assert "cross-origin-resource-policy" in headers

    @pytest.mark.parametrize(
        "path", ["/../keeping.py", "/assets/../../x.js", "/%2e%2e/pocket.py", "/assets/", "/no.js"]
    )
    def test_only_the_pages_own_files_are_served(self, stands, path):
        assert fetch(stands, path)[0] == 404

    def test_the_page_may_run_its_own_script_and_nothing_else(self, stands):
        status, headers, _ = fetch(stands, "/")
        assert status == 200
        policy = {name.lower(): value for name, value in headers.items()}["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    def test_a_letter_may_run_nothing(self, stands):
        letter(stands, "Content-Type: text/html", body="<script>1</script>")
        status, headers, body = fetch(stands, "/pocket/letter?person=anna&uid=1")
        policy = {name.lower(): value for name, value in headers.items()}["content-security-policy"]
        assert (status, b"<script>" in body) == (200, True)
        assert "default-src 'none'" in policy
        assert "script-src" not in policy

    @pytest.mark.parametrize("query", ["person=anna&uid=99", "person=nobody&uid=1", "uid=x"])
    def test_a_letter_that_is_not_there_is_not_found(self, stands, query):
        assert fetch(stands, f"/pocket/letter?{query}")[0] == 404

    def test_the_key_is_never_told(self, stands, installation):
        until(stands, lambda told: told["person"]["id"] == "7")
        assert {each[2] for each in installation.asked} == {f"Bearer {KEY}"}
        for path in ("/", "/pocket/state?person=anna", "/healthz"):
            assert KEY.encode() not in fetch(stands, path)[2]


class TestState:
    def test_it_waits_until_there_is_something_new(self, stands):
        version, _ = state(stands)
        stands.telegram.say(stands.telegram.chats[CHAT], "Hi")
        newer, told = state(stands, seen=version)
        while not told["phone"]["messages"]:
            newer, told = state(stands, seen=newer)
        assert newer != version
        assert told["phone"]["messages"][0]["text"] == "Hi"

    def test_what_the_installation_says_and_the_device_shows_is_one_message(self, stands, installation):
        stands.telegram.say(stands.telegram.chats[CHAT], "Hi")
        (number,) = stands.telegram.chats[CHAT].messages
        installation.messages = [message(number)]
        told = until(stands, lambda told: told["story"]["items"])
        assert told["story"]["items"][0]["n"] == told["story"]["knots"][0]["n"] == 1

    def test_an_installation_that_is_away_is_told_and_the_devices_go_on(self, stands):
        stands.told("/about", {"address": "http://127.0.0.1:1"})
        told = until(stands, lambda told: told["trouble"] and told["trouble"]["code"] == "away")
        assert told["phone"] is not None

    def test_somebody_unknown_is_no_trouble(self, stands, installation):
        installation.refusal = 404
        told = until(stands, lambda told: told["trouble"] is None, "ilya")
        assert told["person"] == {"key": "ilya", "name": "Ilya", "id": None}

    def test_before_the_demo_has_made_a_key_it_waits(self, stands):
        stands.about = About(stands.about.ports, "t", "p", "b", "Halny", "halny.example", "PL", stands.about.people)
        assert until(stands, lambda told: told["trouble"])["trouble"]["code"] == "starting"

    def test_nobody_watching_means_nobody_is_asked(self, stands, installation):
        time.sleep(0.6)
        assert installation.asked == []

    def test_an_unknown_person_is_not_found(self, stands):
        assert fetch(stands, "/pocket/state?person=nobody")[0] == 404


class TestAct:
    def test_what_is_said_waits_for_the_bot(self, stands):
        assert act(stands, "say", text="  Hello ")[0] == 200
        (update,) = stands.telegram.waiting()
        assert update["message"]["text"] == "Hello"

    @pytest.mark.parametrize(
        ("what", "given"),
        [("say", {"text": " "}), ("say", {}), ("dance", {"uid": "1"}), ("press", {"number": 1}), ("trouble", {})],
    )
    def test_nonsense_is_refused(self, stands, what, given):
        assert act(stands, what, **given)[0] in {400, 404}

    def test_who_has_not_started_the_bot_cannot_write_to_it(self, stands):
        assert act(stands, "say", "ilya", text="Hi")[0] == 400
        assert act(stands, "start", "ilya")[0] == 200
        assert act(stands, "say", "ilya", text="Hi")[0] == 200

    def test_a_link_opens_the_bot_with_what_stands_in_it(self, stands):
        assert act(stands, "start", "ilya", payload="7KQ42MXD")[0] == 200
        (update,) = stands.telegram.waiting()
        assert update["message"]["text"] == "/start 7KQ42MXD"

    @pytest.mark.parametrize("payload", ["a b", "x" * 65, "<b>", "a\nb"])
    def test_what_no_link_of_telegrams_has_is_refused(self, stands, payload):
        assert act(stands, "start", "ilya", payload=payload)[0] == 400
        assert stands.telegram.waiting() == []

    def test_who_blocked_it_neither(self, stands):
        act(stands, "block")
        assert act(stands, "say", text="Hi")[0] == 400
        act(stands, "unblock")
        assert act(stands, "say", text="Hi")[0] == 200

    def test_an_answer_reaches_the_brand_and_stays_with_its_writer(self, stands):
        letter(stands, "Message-ID: <1@halny.example>")
        assert act(stands, "reply", uid="1", text="Yes")[0] == 200
        assert b"Yes" in stands.mail.letters("hello@halny.example")[0]
        assert act(stands, "reply", uid="2", text="Mine")[0] == 404

    def test_unsubscribing_is_one_post_as_mail_programs_do_it(self, stands, installation):
        head = f"List-Unsubscribe: <{installation.url}/unsubscribe/x>"
        letter(stands, head, "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Message-ID: <1@x>")
        assert act(stands, "unsubscribe", uid="1")[0] == 200
        assert installation.clicks == [b"List-Unsubscribe=One-Click"]
        assert until(stands, lambda told: told["mailbox"]["letters"])["mailbox"]["letters"][0]["mark"] == "unsubscribed"

    def test_a_strangers_way_out_is_not_gone(self, stands, installation):
        for url in ("http://127.0.0.1:1/x", f"{installation.url}.evil.example/x", f"{installation.url}@evil.example/"):
            letter(
                stands, f"List-Unsubscribe: <{url}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
                f"Message-ID: <{hash(url)}@x>",
            )  # fmt: skip
        for uid in ("1", "2", "3"):
            assert act(stands, "unsubscribe", uid=uid)[0] == 404
        assert installation.clicks == []

    def test_the_operator_writes_through_the_api(self, stands, installation):
        status, done = act(stands, "write", kind="answer", text="Yes", key="k1", channel="telegram", subject="Re")
        assert (status, done["id"]) == (200, "1")
        body = json.loads(next(each[3] for each in installation.asked if each[:2] == ("POST", "/api/messages")))
        assert body["class"] == "conversational"
        assert (body["key"], body["channels"], body["words"]["text"]) == ("k1", ["telegram"], "Yes")

    def test_where_the_installation_is_away_it_says_that_nothing_was_sent(self, stands):
        stands.told("/about", {"address": "http://127.0.0.1:1"})
        status, said = act(stands, "write", kind="answer", text="Yes", key="k1")
        assert (status, said["code"]) == (409, "away")


class TestBrowser:
    def test_who_has_no_name_yet_is_asked_for_as_a_visitor(self, stands, installation):
        installation.refusal = 404
        assert act(stands, "browse", "ilya", visitor="a-17")[0] == 200
        until(stands, lambda told: told["trouble"] is None, "ilya")
        assert "/api/profiles/anonymous_id:a-17" in {each[1] for each in installation.asked}

    def test_what_is_written_goes_to_whom_was_found(self, stands, installation):
        installation.strangers = ("telegram:502",)
        act(stands, "browse", "ilya", visitor="a-17")
        until(stands, lambda told: told["person"]["id"] == "7", "ilya")
        act(stands, "write", "ilya", kind="answer", text="Yes", key="k1")
        body = json.loads(next(each[3] for each in installation.asked if each[:2] == ("POST", "/api/messages")))
        assert body["to"] == "anonymous_id:a-17"

    @pytest.mark.parametrize("visitor", ["", "a b", "../x", "x" * 65])
    def test_no_other_words_are_put_into_an_address(self, stands, visitor):
        assert act(stands, "browse", "ilya", visitor=visitor)[0] == 400

    def test_where_there_is_no_shop_there_is_no_browser(self, stands):
        assert state(stands)[1]["browser"] is None
        assert "localhost" not in fetch(stands, "/")[1]["content-security-policy"]


class TestTrouble:
    def test_telegram_counts_what_it_was_asked_and_what_it_took(self, stands):
        def send():
            url = f"http://127.0.0.1:{stands.about.ports['telegram']}/bot{stands.about.token}/sendMessage"
            body = json.dumps({"chat_id": CHAT, "text": "Hi"}).encode()
            asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            try:
                urllib.request.urlopen(asked, timeout=10).close()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code
            return 200

        answers = []
        for mode in ("ok", "busy", "down", "ok"):
            assert act(stands, "trouble", provider="telegram", mode=mode)[0] == 200
            answers.append(send())
        assert answers == [200, 429, 500, 200]
        told = until(stands, lambda told: told["providers"]["telegram"]["asked"] == 4)
        assert told["providers"]["telegram"] == {"mode": "ok", "asked": 4, "took": 2}

    def test_a_mail_server_does_too(self, stands):
        act(stands, "trouble", provider="email", mode="busy")
        with pytest.raises(Exception, match="Greylisted, please try again in 20 seconds"):
            letter(stands)
        act(stands, "trouble", provider="email", mode="down")
        with pytest.raises(Exception, match=r"421|Connection unexpectedly closed"):
            letter(stands)
        act(stands, "trouble", provider="email", mode="ok")
        letter(stands)
        told = until(stands, lambda told: told["providers"]["email"]["took"] == 1)
        assert told["providers"]["email"] == {"mode": "ok", "asked": 3, "took": 1}
