"""What columns mean, what a row of customers or orders becomes, how money is read."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domains.imports.contracts import Content
from onevoice.domains.imports.rules import files, guess


class TestGuess:
    @pytest.mark.parametrize(
        ("column", "field"),
        [
            ("E-mail", "traits.email"),
            ("Телефон", "traits.phone"),
            ("nr telefonu", "traits.phone"),
            ("IMIĘ", "traits.first_name"),
            ("Фамилия", "traits.last_name"),
            ("ФИО", "traits.name"),
            ("Numer karty", "traits.loyalty_card"),
            ("customer_id", "userId"),
            ("Uwagi", ""),
            ("traits.size", "traits.size"),
            ("properties", ""),
        ],
    )
    def test_customers(self, column: str, field: str) -> None:
        assert guess.columns([column], "customers") == {column: field}

    @pytest.mark.parametrize(
        ("column", "field"),
        [
            ("Email", "context.traits.email"),
            ("Номер заказа", "properties.order_id"),
            ("Kwota", "properties.total"),
            ("Data zamówienia", "timestamp"),
            ("Валюта", "properties.currency"),
            ("Карта", "properties.loyalty_card"),
        ],
    )
    def test_orders(self, column: str, field: str) -> None:
        assert guess.columns([column], "orders") == {column: field}

    def test_each_field_goes_to_one_column(self) -> None:
        assert guess.columns(["E-mail", "Email"], "customers") == {"E-mail": "traits.email", "Email": ""}

    @given(st.lists(st.text(max_size=20), max_size=8, unique=True), st.sampled_from(["customers", "orders", "events"]))
    def test_what_is_guessed_can_be_used(self, header: list[str], content: Content) -> None:
        found = guess.columns(header, content)
        assert list(found) == header
        if any(found.values()):
            files.columns(header, found)

    @given(st.binary(max_size=300))
    def test_any_bytes_have_an_encoding(self, head: bytes) -> None:
        assert guess.encoding(head) in {"utf-8", "utf-16", "cp1250", "cp1251"}


class TestRows:
    def test_a_customer_is_an_identify_whatever_else_it_says(self) -> None:
        event = files.event_of_row(1, ["u1", "Seen"], [("userId",), ("event",)], UTC, "customers")
        assert isinstance(event, dict)
        assert event["type"] == "identify"

    def test_an_order_is_a_track(self) -> None:
        places = [("userId",), ("properties", "total")]
        event = files.event_of_row(1, ["u1", "389,00"], places, UTC, "orders")
        assert isinstance(event, dict)
        assert (event["type"], event["event"], event["properties"]) == ("track", "Order Completed", {"total": 389.0})

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("1 234,50", 1234.5),
            ("1\u00a0234,50", 1234.5),
            ("12 345 678", 12345678),
            ("-5,5", -5.5),
            ("389.99", 389.99),
            ("1.234,50", "1.234,50"),
            ("12 zł", "12 zł"),
            ("0,0,1", "0,0,1"),
            ("007", "007"),
        ],
    )
    def test_money_as_people_write_it(self, written: str, read: object) -> None:
        event = files.event_of_row(1, ["u", written], [("userId",), ("properties", "total")], UTC)
        assert isinstance(event, dict)
        assert event["properties"] == {"total": read}
