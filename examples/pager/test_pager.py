"""The suite over all channels, run over this one."""

import json

import pytest
from channels.conformance import INBOUND, Conformance, Outbound, Seen, never
from onevoice_pager.adaptor import CHANNEL

from onevoice.sandbox.serving import Reply, Server, Trouble, json_reply

STATUSES = {"broken": 500, "refused": 422, "revoked": 401, "redirect": 302}


class Provider:
    """The stand-in: what it took, and the trouble it makes when told to."""

    def __init__(self):
        self.server = Server(self.answer)
        self.pages = {}
        self.faults = []

    def answer(self, request):
        if request.headers.get("authorization") != "Key night-shift-4711":
            return Reply(401)
        if request.path == "/me":
            return json_reply({"name": "Night shift"})
        fault = self.faults.pop(0) if self.faults else None
        if fault in STATUSES:
            return Reply(STATUSES[fault], headers={"location": "http://127.0.0.1:1/"})
        if fault == "too_many":
            return Reply(429, headers={"retry-after": "7"})
        if fault == "gone":
            return Reply(410)
        if fault == "unheard":
            return Trouble("silence", 1)
        key, page = request.headers["idempotency-key"], json.loads(request.body)
        self.pages.setdefault(key, Seen(f"page-{key}", page["to"], page["text"]))
        if fault in {"silence", "reset", "cut"}:
            return Trouble(fault, 1)
        return Reply(200, b"no json") if fault == "garbage" else json_reply({"id": f"page-{key}"}, 202)


class PagerBench(Outbound):
    channel = CHANNEL

    def __init__(self, provider):
        self.provider = provider
        self.allowed = frozenset({provider.server.url.removeprefix("http://")})
        self.people = 0

    def settings(self):
        return {"url": self.provider.server.url, "key": "night-shift-4711"}

    def refused_settings(self):
        return [self.settings() | {"key": "wrong"}, self.settings() | {"url": "http://10.0.0.1"}]

    def address(self):
        self.people += 1
        return f"pager-{self.people}"

    def gone_address(self):
        self.trouble("gone")
        return self.address()

    def seen(self):
        return [*self.provider.pages.values()]

    def trouble(self, kind):
        self.provider.faults.append(kind)

    def stop(self):
        self.provider.server.stop()


class TestPager(Conformance):
    gaps = {
        **dict.fromkeys(INBOUND, never("pagers do not answer")),
        "test_a_hostile_body_says_nothing": never("nothing is parsed"),
        "test_a_date_says_how_long_to_wait": never("this provider says it in seconds"),
        "test_buttons_arrive_in_their_order": never("a page is a text"),
        "test_files_arrive_byte_for_byte": never("a page is a text"),
        "test_an_edit_changes_what_was_said": never("a page is sent once"),
        "test_an_answer_names_what_it_answers": never("a page stands alone"),
    }

    @pytest.fixture
    def bench(self):
        provider = Provider()
        with provider.server:
            yield PagerBench(provider)
