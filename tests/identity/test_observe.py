"""An event of the log, read."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from onevoice.domains.identity.contracts import CHANNELS, SourceInfo
from onevoice.domains.identity.rules.observe import Observation, observe

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
SITE = SourceInfo(1, "site", "api", "PL", 50)


def read(**event: Any) -> Observation:
    raw = msgspec.json.encode({"messageId": "m1", "type": "track", "event": "Seen", **event})
    return observe(raw, source=SITE, received=NOON, batch_sent=None)


def body(seen: Observation) -> Any:
    return msgspec.json.decode(msgspec.json.encode(seen.body))


def personal(seen: Observation) -> dict[str, Any]:
    return {key: msgspec.json.decode(msgspec.json.encode(holder[key])) for holder, key in seen.places}


class TestBody:
    def test_what_nobody_looks_into_stays_as_it_was(self) -> None:
        properties = {"price": 1.50, "products": [{"name": "Boots", "sizes": [36, 37]}], "note": 'ż\\n"x"'}
        assert body(read(properties=properties)) == {"properties": properties}

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_empty_parts_are_left_out(self, nothing: object) -> None:
        assert body(read(properties=nothing, context=nothing, traits=nothing)) == {}

    def test_context_without_its_traits(self) -> None:
        seen = read(context={"traits": {"email": "a@b.pl"}, "page": {"path": "/x"}})
        assert body(seen) == {"context": {"page": {"path": "/x"}}}
        assert seen.identifiers == [("email", "a@b.pl")]

    def test_traits_of_an_identify_win_over_the_contexts(self) -> None:
        seen = read(type="identify", traits={"plan": "b"}, context={"traits": {"plan": "a", "city": "Łódź"}})
        assert body(seen)["traits"] == {"plan": "b", "city": "Łódź"}

    def test_a_pages_title(self) -> None:
        assert body(read(type="page", name="Home")) == {"name": "Home"}


class TestPersonal:
    def test_properties(self) -> None:
        assert personal(read(properties={"email": "a@b.pl", "buyer": {"phone": "600"}, "total": 3})) == {
            "email": "a@b.pl",
            "phone": "600",
        }

    def test_context(self) -> None:
        seen = read(context={"ip": "192.0.2.1", "custom": {"email": "a@b.pl"}, "page": {"path": "/"}})
        assert personal(seen) == {"ip": "192.0.2.1", "email": "a@b.pl"}

    def test_an_absent_address_is_not_kept(self) -> None:
        assert personal(read(context={"ip": None})) == {}

    def test_a_groups_traits(self) -> None:
        seen = read(type="group", groupId="g1", traits={"name": "Firma", "contact": {"email": "a@b.pl"}, "size": 4})
        assert personal(seen) == {"name": "Firma", "email": "a@b.pl"}
        assert body(seen)["group"]["groupId"] == "g1"

    @pytest.mark.parametrize("place", ["properties", "context", "traits"])
    @pytest.mark.parametrize("forged", [{"@vault": 7}, {"page": {"@vault": 7}}, {"x": [{"@vault": 7}]}])
    def test_nobody_refers_to_the_vault_but_we(self, place: str, forged: dict[str, Any]) -> None:
        seen = read(type="identify", **{place: forged})
        assert b'"@vault"' not in msgspec.json.encode(seen.body)


class TestIdentifiers:
    def test_all_of_them(self) -> None:
        seen = read(
            userId="u",
            anonymousId=7,
            properties={"loyalty_card": "C 1"},
            context={
                "device": {"id": "d"},
                "externalIds": [{"type": "crm", "id": "9"}, {"type": "telegram", "id": 5}, "junk", {"id": 3}],
                "traits": {"phone": "600"},
            },
        )
        assert seen.identifiers == [
            ("user_id", "u"),
            ("anonymous_id", "7"),
            ("phone", "600"),
            ("loyalty_card", "C 1"),
            ("external:crm", "9"),
            ("telegram", "5"),
            ("device", "d"),
        ]


class TestChannel:
    @pytest.mark.parametrize(
        ("event", "channel"),
        [
            ({"context": {"channel": "shop"}}, "shop"),
            ({"context": {"library": {"name": "analytics.js"}}}, "site"),
            ({"context": {"library": {"name": "analytics-kotlin"}}}, "app"),
            ({"channel": "web"}, "site"),
            ({"channel": "mobile"}, "app"),
            ({}, "api"),
            ({"channel": ["web"], "context": {"channel": {"x": 1}, "library": [1]}}, "api"),
        ],
    )
    def test_by_what_the_sender_says(self, event: dict[str, Any], channel: str) -> None:
        assert CHANNELS[read(**event).channel] == channel


class TestTimes:
    def test_the_senders_clock_is_corrected(self) -> None:
        seen = read(timestamp="2026-05-01T00:00:00Z", sentAt="2026-05-01T00:00:10Z")
        assert seen.happened == datetime(2026, 5, 3, 11, 59, 50, tzinfo=UTC)

    def test_nothing_happens_after_it_was_learnt(self) -> None:
        assert read(timestamp="2027-01-01T00:00:00Z").happened == NOON


def test_a_purchase_counts_its_total() -> None:
    assert read(event="Order Completed", properties={"total": "12.30", "currency": "pln"}).spend == ("PLN", 1230)
    assert read(event="Order Cancelled", properties={"total": 12}).spend is None
