"""Signatures, paths, types and mappings: pure, so tried with whatever JSON and bytes hold."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from onevoice.domains.webhooks.contracts import MAX_RECORDS, Headers, Mapping
from onevoice.domains.webhooks.errors import InvalidSignatureError, UnusableSecretError
from onevoice.domains.webhooks.rules import convert, signature
from onevoice.domains.webhooks.rules.mapping import apply
from onevoice.domains.webhooks.rules.suggest import suggest
from onevoice.kit import json_paths, jsons
from webhooks.conftest import NOON, ORDER, PAID, mapping, random_secret

SECRET = bytes(range(32))
BODY = b'{"id": 1}'
STAMP = str(int(NOON.timestamp()))

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=20)
)
names = st.sampled_from(
    ["id", "status", "customer", "email", "total", "orders", "items", "data", "a.b", "x y", "$", "@", '"', "event"]
) | st.text(max_size=8)
jsons_of_any_kind = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)
paths = st.sampled_from(
    ["id", "status", "customer.email", "items[0].sku", '["a.b"]', "$", "@", "$.data", "total", "orders", "data[3]"]
)


class TestSignature:
    def good(self, **changed: Any) -> Headers:
        told = {"message_id": "msg_1", "timestamp": STAMP, "signature": signature.sign(SECRET, "msg_1", STAMP, BODY)}
        return Headers(**{**told, **changed})

    def refused(self, headers: Headers, *, secrets: list[bytes] | None = None, now: datetime = NOON) -> str:
        with pytest.raises(InvalidSignatureError) as refused:
            signature.verify(headers, BODY, [SECRET] if secrets is None else secrets, now)
        return refused.value.detail

    @pytest.mark.parametrize("missing", ["message_id", "timestamp", "signature"])
    @pytest.mark.parametrize("instead", [None, ""])
    def test_a_missing_or_empty_header_is_refused(self, missing, instead):
        assert f"webhook-{missing.removeprefix('message_')}" in self.refused(self.good(**{missing: instead}))

    @pytest.mark.parametrize(
        "text",
        [
            "v1,", "v1", ",", " ", "v1,AAAA", "v1,not base64!", "v1,żółw", "v2,x", "\x00", "v1a,x",
            base64.b64encode(b"x" * 32).decode(),
            "v1," + base64.b64encode(b"x" * 32).decode(),
        ],
    )  # fmt: skip
    def test_a_malformed_or_wrong_one_is_refused(self, text):
        assert "No signature" in self.refused(self.good(signature=text))

    @pytest.mark.parametrize("text", ["yesterday", "-1", "1e9", " 1", "1.5", "９", "9" * 40, STAMP + "\n"])
    def test_a_time_that_is_none_is_refused(self, text):
        assert "whole seconds" in self.refused(self.good(timestamp=text))

    @pytest.mark.parametrize("off", [301, -301])
    def test_an_old_one_and_one_from_the_future_are_refused(self, off):
        assert "5 minutes" in self.refused(self.good(), now=NOON + timedelta(seconds=off))

    @pytest.mark.parametrize("off", [300, -300])
    def test_five_minutes_are_tolerated(self, off):
        assert signature.verify(self.good(), BODY, [SECRET], NOON + timedelta(seconds=off)) == "msg_1"

    def test_the_id_the_time_and_the_body_are_signed(self):
        assert "No signature" in self.refused(self.good(message_id="msg_2"))
        assert "No signature" in self.refused(self.good(timestamp=str(int(STAMP) + 1)))
        with pytest.raises(InvalidSignatureError):
            signature.verify(self.good(), BODY + b" ", [SECRET], NOON)

    def test_another_hooks_secret_is_refused(self):
        assert "No signature" in self.refused(self.good(), secrets=[b"z" * 32])

    def test_no_secret_and_an_empty_one_let_nobody_in(self):
        assert "No signature" in self.refused(self.good(), secrets=[])
        empty = self.good(signature=signature.sign(b"", "msg_1", STAMP, BODY))
        assert "No signature" in self.refused(empty, secrets=[b""])

    def test_one_right_among_several_is_enough(self):
        several = self.good(signature="v1,AAAA " + self.good().signature + " v1a,zzz")
        assert signature.verify(several, BODY, [b"z" * 32, SECRET], NOON) == "msg_1"

    @pytest.mark.parametrize("text", ["", " ", "a b", "ż", "x" * 257, "a\nb"])
    def test_an_id_is_visible_and_short(self, text):
        self.refused(self.good(message_id=text))

    @given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=200), st.binary(max_size=50))
    def test_nobody_comes_in_by_chance(self, message_id, stamp, said, body):
        with pytest.raises(InvalidSignatureError):
            signature.verify(Headers(message_id, stamp, said), body, [SECRET], NOON)

    def test_the_reference_library_signs_what_we_take(self, referee):
        library = referee(signature.shown(SECRET))
        signed = library.sign("msg_1", NOON, BODY.decode())
        assert signature.verify(self.good(signature=signed), BODY, [SECRET], NOON) == "msg_1"

    def test_the_reference_library_takes_what_we_sign(self, referee):
        now = datetime.now(UTC)
        stamp = str(int(now.timestamp()))
        headers = {
            "webhook-id": "msg_9",
            "webhook-timestamp": stamp,
            "webhook-signature": signature.sign(SECRET, "msg_9", stamp, BODY),
        }
        assert referee(signature.shown(SECRET)).verify(BODY, headers) == {"id": 1}


class TestSecret:
    @pytest.mark.parametrize(
        "text", ["", "whsec_", "whsec_====", "whsec_short", "whsec_ńń", random_secret(15), random_secret(129), "a b c"]
    )
    def test_an_empty_short_or_unreadable_one_cannot_exist(self, text):
        with pytest.raises(UnusableSecretError) as refused:
            signature.read_secret(text)
        assert not text or text not in refused.value.detail

    def test_one_that_is_given_is_read_with_and_without_its_prefix(self):
        assert signature.read_secret(random_secret(24)) == bytes(range(24))
        assert signature.read_secret(random_secret(24).removeprefix("whsec_")) == bytes(range(24))


class TestPaths:
    @pytest.mark.parametrize(
        ("text", "from_root", "steps"),
        [
            ("a", False, ("a",)),
            ("a.b[0].c", False, ("a", "b", 0, "c")),
            ('["odd.key"].x', False, ("odd.key", "x")),
            ('a["\\u0041\\""]', False, ("a", 'A"')),
            ("$", True, ()),
            ("$.a", True, ("a",)),
            ("$[1]", True, (1,)),
            ("@", False, ()),
            ("@.a", False, ("a",)),
            ("$id", False, ("$id",)),
            ("@type", False, ("@type",)),
            ("[2].żółw", False, (2, "żółw")),
        ],
    )
    def test_are_read(self, text, from_root, steps):
        assert json_paths.parse(text) == (from_root, steps)

    @pytest.mark.parametrize(
        "text",
        [
            "", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[01]", "a[x]", 'a["', 'a["\\q"]', "a[0]b", "$a[",
            "x" * 301, ".".join("a" * 40),
        ],
    )  # fmt: skip
    def test_what_is_none_is_refused_with_a_reason(self, text):
        with pytest.raises(json_paths.PathError) as refused:
            json_paths.parse(text)
        assert str(refused.value)

    @given(st.text(max_size=40))
    def test_any_text_is_a_path_or_is_told_not_to_be(self, text):
        try:
            path = json_paths.parse(text)
        except json_paths.PathError:
            return
        json_paths.find(path, {"a": [1]}, {})

    @given(st.dictionaries(st.text(max_size=10), scalars, min_size=1, max_size=3))
    def test_every_name_can_be_reached_by_its_quoted_form(self, value):
        for name, wanted in value.items():
            found = json_paths.find(json_paths.parse(f"[{json.dumps(name)}]"), value, None)
            assert found == wanted or found is wanted


class TestConvert:
    @pytest.mark.parametrize(
        ("value", "to", "wanted"),
        [
            (7, "text", "7"),
            (7.0, "text", "7"),
            (True, "text", "true"),
            ("12", "number", 12),
            ("12.5", "number", 12.5),
            ("1 234,50", "number", 1234.5),
            ("1\u00a0234,50", "number", 1234.5),
            ("1,234.50", "number", 1234.5),
            ("1.234,50", "number", 1234.5),
            ("1,234,567", "number", 1234567),
            ("129,90 PLN", "money", 129.9),
            ("€12.50", "money", 12.5),
            ("1 299 zł", "money", 1299),
            ("4 500,00 руб.", "money", 4500),
            ("-5", "money", -5),
            (12990, "minor", 129.9),
            ("12990", "minor", 129.9),
            (12900.0, "minor", 129),
            ("Yes", "boolean", True),
            (0, "boolean", False),
            (1777809600, "time", "2026-05-03T12:00:00+00:00"),
            (1777809600000, "time", "2026-05-03T12:00:00+00:00"),
            ("1777809600", "time", "2026-05-03T12:00:00+00:00"),
            ("2026-05-03 14:00", "time", "2026-05-03T12:00:00+00:00"),
            ("2026-05-03T12:00:00Z", "time", "2026-05-03T12:00:00+00:00"),
        ],
    )
    def test_gives(self, value, to, wanted):
        assert convert.convert(value, to, digits=2, zone="Europe/Warsaw") == wanted

    @pytest.mark.parametrize(
        ("value", "to"),
        [
            ({}, "text"),
            ([1], "text"),
            ("", "number"),
            ("1,234", "number"),
            ("12 apples", "number"),
            ("1e5", "number"),
            ("NaN", "number"),
            (True, "number"),
            (10**15, "number"),
            ("1.2.3,4", "number"),
            ("free", "money"),
            (12.5, "minor"),
            ("12.5", "minor"),
            ("maybe", "boolean"),
            (2, "boolean"),
            ("yesterday", "time"),
            (1e300, "time"),
            (True, "time"),
        ],
    )
    def test_refuses(self, value, to):
        with pytest.raises(convert.UnfitError):
            convert.convert(value, to, digits=2, zone="UTC")

    def test_minor_units_of_currencies_without_any(self):
        assert convert.convert(500, "minor", digits=0, zone="UTC") == 500

    @given(jsons_of_any_kind, st.sampled_from(["as_is", "text", "number", "money", "minor", "boolean", "time"]))
    def test_never_raises_anything_else(self, value, to):
        try:
            made = convert.convert(value, to, digits=2, zone="Europe/Warsaw")
        except convert.UnfitError:
            return
        jsons.encode(made)


class TestMapping:
    def one(self, rule: dict[str, Any], payload: Any = None, **top: Any):
        raw = {"rules": [{"make": "track", "event": {"text": "E"}, "user_id": "id", **rule}], **top}
        (mapped,) = apply(mapping(raw), ORDER if payload is None else payload)
        return mapped

    def problem(self, rule: dict[str, Any], payload: Any = None) -> tuple[str, tuple[Any, ...], str | None]:
        (problem,) = self.one(rule, payload).problems
        assert problem.detail
        return problem.code, problem.where, problem.path

    def test_makes_the_event(self):
        (mapped,) = apply(mapping(), ORDER)
        assert mapped.problems == ()
        assert mapped.events == [
            {
                "type": "track",
                "event": "Order Completed",
                "userId": "5",
                "timestamp": "2026-05-03T11:59:00+00:00",
                "context": {"library": {"name": "webhook"}, "traits": {"email": "Anna@Shop.example"}},
                "properties": {"order_id": "1001", "total": 129.9, "currency": "PLN"},
            }
        ]

    def test_the_first_rule_that_applies_makes_it(self):
        raw = {"rules": [{"make": "ignore", "when": [{"path": "no", "op": "exists"}]}, *PAID["rules"]]}
        assert apply(mapping(raw), ORDER)[0].rule == 1

    def test_a_record_that_no_rule_is_for_is_a_problem_and_not_silence(self):
        (mapped,) = apply(mapping(), {**ORDER, "status": "cancelled"})
        assert [problem.code for problem in mapped.problems] == ["no_rule"]

    def test_a_rule_can_ignore(self):
        (mapped,) = apply(mapping(), {**ORDER, "status": "draft"})
        assert (mapped.events, mapped.problems) == ((), ())

    @pytest.mark.parametrize(
        ("condition", "applies"),
        [
            ({"path": "id", "values": ["1001"]}, True),
            ({"path": "id", "values": ["7", "1001"]}, True),
            ({"path": "id", "op": "is_not", "values": ["1001"]}, False),
            ({"path": "no", "op": "is_not", "values": ["1"]}, True),
            ({"path": "items", "values": ["x"]}, False),
            ({"path": "items", "op": "exists"}, True),
            ({"path": "customer.no", "op": "exists"}, False),
            ({"path": "customer.no", "op": "missing"}, True),
            ({"path": "items[0].quantity", "values": ["1"]}, True),
        ],
    )
    def test_conditions(self, condition, applies):
        assert (self.one({"when": [condition]}).rule == 0) is applies

    def test_null_is_missing(self):
        assert self.one({"when": [{"path": "x", "op": "missing"}]}, {"x": None, "id": 1}).rule == 0

    def test_records_of_a_list_with_what_stands_around_it(self):
        payload = {"topic": "paid", "orders": [{"id": 1}, {"id": 2}]}
        raw = {
            "records": "orders",
            "rules": [
                {"make": "track", "event": {"path": "$.topic"}, "user_id": "id", "properties": {"copy_from": "@"}}
            ],
        }
        made = apply(mapping(raw), payload)
        assert [(each.record, each.events[0]["event"], each.events[0]["properties"]) for each in made] == [
            (0, "paid", {"id": 1}),
            (1, "paid", {"id": 2}),
        ]

    def test_a_list_is_several_records(self):
        raw = {"rules": [{"make": "identify", "user_id": "id"}]}
        assert [each.events[0]["userId"] for each in apply(mapping(raw), [{"id": 1}, {"id": 2}])] == ["1", "2"]

    def test_one_bad_record_does_not_take_its_neighbours_along(self):
        made = apply(mapping(), [ORDER, {**ORDER, "total": "free"}, ORDER])
        assert [len(each.problems) for each in made] == [0, 1, 0]

    @pytest.mark.parametrize("payload", [{"orders": 7}, {}, {"orders": None}])
    def test_no_records_where_they_should_be(self, payload):
        (mapped,) = apply(mapping({"records": "orders", "rules": [{"make": "ignore"}]}), payload)
        assert [(each.code, each.where, each.path) for each in mapped.problems] == [
            ("records_missing", ("records",), "orders")
        ]

    def test_an_empty_list_is_nothing(self):
        assert apply(mapping(), []) == []

    def test_too_many_records_are_one_problem(self):
        (mapped,) = apply(mapping(), [0] * (MAX_RECORDS + 1))
        assert [each.code for each in mapped.problems] == ["too_many_records"]

    def test_traits_beside_another_event_go_into_an_identify_before_it(self):
        made = self.one({"traits": {"fields": [{"name": "first_name", "path": "customer.first_name"}]}})
        assert [each["type"] for each in made.events] == ["identify", "track"]
        assert made.events[0]["traits"] == {"first_name": "Anna"}
        assert "traits" not in made.events[1]
        assert made.events[0]["context"] is not made.events[1]["context"]

    def test_identifiers_stand_where_identity_looks(self):
        made = self.one(
            {
                "anonymous_id": "customer.phone",
                "identifiers": [
                    {"kind": "phone", "path": "customer.phone"},
                    {"kind": "loyalty_card", "path": "no"},
                    {"kind": "external", "source": "crm", "path": "id"},
                ],
            }
        ).events[0]
        assert made["anonymousId"] == "+48501234567"
        assert made["context"]["traits"] == {"phone": "+48501234567"}
        assert made["context"]["externalIds"] == [{"id": "1001", "type": "crm"}]

    def test_fields_are_laid_over_what_is_copied(self):
        fields = [{"name": "first_name", "constant": "Olga"}, {"name": "vip", "constant": True}]
        made = self.one({"properties": {"copy_from": "customer", "fields": fields}}).events[0]
        assert made["properties"] == {**ORDER["customer"], "first_name": "Olga", "vip": True}

    def test_a_payload_is_never_changed(self):
        before = json.dumps(ORDER)
        self.one({"properties": {"copy_from": "@", "fields": [{"name": "id", "constant": 1}]}})
        assert json.dumps(ORDER) == before

    def test_what_is_not_there_is_left_out_unless_it_is_required(self):
        field = {"name": "coupon", "path": "coupon"}
        assert "properties" not in self.one({"properties": {"fields": [field]}}).events[0]
        assert self.problem({"properties": {"fields": [{**field, "required": True}]}}) == (
            "value_missing",
            ("rules", 0, "properties", "fields", 0),
            "coupon",
        )

    @pytest.mark.parametrize(
        ("rule", "wanted"),
        [
            ({"time": {"path": "no"}}, ("time_missing", ("rules", 0, "time"), "no")),
            ({"time": {"path": "status"}}, ("time_unreadable", ("rules", 0, "time"), "status")),
            ({"user_id": "customer"}, ("not_text", ("rules", 0, "user_id"), "customer")),
            (
                {"identifiers": [{"kind": "email", "path": "items"}]},
                ("not_text", ("rules", 0, "identifiers", 0), "items"),
            ),
            ({"event": {"path": "no"}}, ("value_missing", ("rules", 0, "event"), "no")),
            ({"properties": {"copy_from": "id"}}, ("not_an_object", ("rules", 0, "properties", "copy_from"), "id")),
            (
                {"traits": {"fields": [{"name": "a", "path": "status", "type": "number"}]}},
                ("not_a_number", ("rules", 0, "traits", "fields", 0), "status"),
            ),
            (
                {"properties": {"fields": [{"name": "a", "path": "status", "type": "minor"}]}},
                ("not_minor", ("rules", 0, "properties", "fields", 0), "status"),
            ),
        ],
    )
    def test_each_problem_leads_to_its_field_and_its_place(self, rule, wanted):
        assert self.problem(rule) == wanted

    def test_a_problem_does_not_repeat_what_stands_there(self):
        (problem,) = self.one({"time": {"path": "customer.email"}}).problems
        assert "Anna" not in problem.detail

    @pytest.mark.parametrize(
        "raw",
        [
            {"rules": []},
            {"rules": [{"make": "track"}]},
            {"rules": [{"make": "dance"}]},
            {"rules": [{"make": "ignore", "eval": "1"}]},
            {"rules": [{"make": "ignore", "when": [{"path": "a"}]}]},
            {"rules": [{"make": "ignore", "when": [{"path": "a..b", "op": "exists"}]}]},
            {"rules": [{"make": "track", "event": {"text": "a", "path": "b"}}]},
            {"rules": [{"make": "track", "event": {}}]},
            {"rules": [{"make": "track", "event": {"text": "a\0"}}]},
            {"rules": [{"make": "ignore", "identifiers": [{"kind": "external", "path": "a"}]}]},
            {"rules": [{"make": "ignore", "identifiers": [{"kind": "email", "source": "x", "path": "a"}]}]},
            {"rules": [{"make": "ignore", "time": {"path": "a", "zone": "Mars/Base"}}]},
            {"rules": [{"make": "ignore", "time": {"path": "a", "zone": "../etc/passwd"}}]},
            {"rules": [{"make": "ignore", "properties": {"fields": [{"name": "a"}]}}]},
            {"rules": [{"make": "ignore", "properties": {"fields": [{"name": "a", "path": "b", "constant": 1}]}}]},
            {"rules": [{"make": "ignore", "properties": {"fields": [{"name": "a", "constant": float("nan")}]}}]},
            {"rules": [{"make": "ignore", "name": "\ud800"}]},
            {"rules": [{"make": "ignore"}] * 51},
        ],
    )
    def test_a_mapping_that_cannot_be_meant_is_refused(self, raw):
        with pytest.raises(ValidationError):
            Mapping.model_validate(raw)

    def test_the_schema_says_what_a_mapping_is(self):
        schema = Mapping.model_json_schema()
        assert schema["required"] == ["rules"]
        assert schema["additionalProperties"] is False


rules = st.fixed_dictionaries(
    {
        "make": st.sampled_from(["track", "identify", "page", "screen", "ignore"]),
        "event": st.one_of(st.builds(lambda path: {"path": path}, paths), st.just({"text": "E"})),
    },
    optional={
        "when": st.lists(
            st.builds(
                lambda path, op: {"path": path, "op": op, "values": ["paid", "1"]},
                paths,
                st.sampled_from(["is", "is_not", "exists", "missing"]),
            ),
            max_size=2,
        ),
        "user_id": paths,
        "identifiers": st.lists(st.builds(lambda path: {"kind": "email", "path": path}, paths), max_size=2),
        "time": st.builds(
            lambda path, unit: {"path": path, "unit": unit},
            paths,
            st.sampled_from(["auto", "iso", "seconds", "milliseconds"]),
        ),
        "properties": st.fixed_dictionaries(
            {
                "fields": st.lists(
                    st.builds(
                        lambda path, to: {"name": "n", "path": path, "type": to},
                        paths,
                        st.sampled_from(["as_is", "text", "number", "money", "minor", "boolean", "time"]),
                    ),
                    max_size=3,
                )
            },
            optional={"copy_from": paths},
        ),
        "traits": st.fixed_dictionaries({}, optional={"copy_from": paths}),
    },
)
mappings = st.builds(
    lambda records, found: {"rules": found, **({"records": records} if records else {})},
    st.none() | paths,
    st.lists(rules, min_size=1, max_size=3),
)


class TestAnyPayload:
    @settings(max_examples=400)
    @given(mappings, jsons_of_any_kind)
    def test_makes_events_or_problems_and_the_same_ones_again(self, raw, payload):
        parsed = mapping(raw)
        first, second = apply(parsed, payload), apply(parsed, json.loads(json.dumps(payload)))
        assert first == second
        for each in first:
            assert not (each.events and each.problems)
            assert all(event["type"] in {"track", "identify", "page", "screen"} for event in each.events)
            jsons.encode(list(each.events))

    @pytest.mark.parametrize("depth", [10, 64, 900])
    def test_however_deep(self, depth):
        payload: Any = {"id": 1}
        for _ in range(depth):
            payload = {"a": payload}
        raw = {"rules": [{"make": "track", "event": {"text": "E"}, "user_id": "id", "properties": {"copy_from": "@"}}]}
        apply(mapping(raw), payload)

    @settings(max_examples=300)
    @given(jsons_of_any_kind)
    def test_a_suggestion_is_a_mapping_that_runs(self, payload):
        made = suggest(payload)
        assert Mapping.model_validate(made.model_dump()) == made
        apply(made, payload)


class TestSuggestion:
    def test_finds_the_person_the_money_the_time_and_the_number(self):
        (mapped,) = apply(suggest(ORDER), ORDER)
        assert mapped.problems == ()
        identify, track = mapped.events
        assert identify["traits"] == {"first_name": "Anna"}
        assert (track["event"], track["userId"]) == ("Order Completed", "5")
        assert track["context"]["traits"] == {"email": "Anna@Shop.example", "phone": "+48501234567"}
        assert track["timestamp"] == "2026-05-03T11:59:00+00:00"
        assert (track["properties"]["total"], track["properties"]["currency"]) == (129.9, "PLN")
        assert track["properties"]["order_id"] == "1001"

    def test_looks_into_a_list_and_into_a_wrapper(self):
        assert suggest({"orders": [ORDER], "page": 1}).records == "orders"
        wrapped = suggest({"event": "order.paid", "data": ORDER})
        assert wrapped.rules[0].user_id == "data.customer.id"
        assert wrapped.rules[0].when[0].values == ["order.paid"]
        assert wrapped.rules[0].properties.copy_from == "data"

    def test_names_nobody_where_nobody_is_named(self):
        (mapped,) = apply(suggest({"hello": 1}), {"hello": 1})
        assert "userId" not in mapped.events[0]
