"""Codes and host names: what is known, in which spelling, and that nothing but a host's name comes through."""

import re
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.kit import places

NAME = re.compile(r"localhost|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
LABEL = st.text("abcxyz019żółßяњ日本éÄ", min_size=1, max_size=12)
HOSTS = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


class TestHostname:
    @given(HOSTS | st.text(max_size=80))
    def test_is_nothing_but_a_name_and_stays_itself(self, text: str) -> None:
        name = places.hostname(text)
        if name is not None:
            assert NAME.fullmatch(name)
            assert len(name) <= 253
            assert all(len(label) <= 63 for label in name.split("."))
            assert places.hostname(name) == name

    @given(st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"])))
    def test_is_the_same_with_spaces_around_and_a_dot_after(self, text: str) -> None:
        name = places.hostname(text)
        assert name is not None
        assert places.hostname(f"  {text}. ") == name

    @given(
        st.sampled_from(["{}:443", "{}/", "{}/path", "*.{}", "https://{}", "u@{}", "{}?q", "{}#x", "{}..", ".{}"]),
        HOSTS,
    )
    def test_never_with_a_port_a_path_or_a_wildcard(self, form: str, host: str) -> None:
        assert places.hostname(form.format(f"{host}.example")) is None

    @pytest.mark.parametrize(
        "text",
        [
            *("", " ", ".", "shop", "127.0.0.1", "1.2", "::1", "[::1]", "a b.example", "a_b.example", "-a.example"),
            *("a\x00.example", "\ud800.example", "a" * 64 + ".example", "a." * 130 + "example", "xn--a.example"),
        ],
    )
    def test_of_what_is_none(self, text: str) -> None:
        assert places.hostname(text) is None


class TestCodes:
    def test_every_choice_is_known_as_it_is_written(self) -> None:
        for known, choices in (
            (places.country, places.countries()),
            (places.currency, places.currencies()),
            (places.time_zone, places.time_zones()),
            (places.language, places.languages()),
        ):
            assert len(choices) > 100
            assert choices == sorted(set(choices))
            assert [known(choice) for choice in choices] == choices
            assert [known(choice.swapcase()) for choice in choices] == choices

    @given(st.text(max_size=20))
    def test_of_anything_else_is_none_and_no_error(self, text: str) -> None:
        assert places.country(text) in {None, text.upper()}
        assert places.currency(text) in {None, text.upper()}
        assert places.time_zone(text) is None or text.lower() in {"utc", (places.time_zone(text) or "").lower()}
        language = places.language(text)
        assert language is None or places.language(language) == language

    def test_zones_of_python_that_name_a_place_are_known(self) -> None:
        wanted = {"Europe/Warsaw", "Europe/Moscow", "Europe/Kyiv", "America/Argentina/Buenos_Aires", "Asia/Kolkata"}
        assert wanted <= zoneinfo.available_timezones()
        assert {places.time_zone(name) for name in wanted} == wanted

    def test_tags_in_their_usual_spelling(self) -> None:
        told = [places.language(tag) for tag in ("EN-gb", "sr_latn_rs", "es-419", "sl-rozaj", "PL")]
        assert told == ["en-GB", "sr-Latn-RS", "es-419", "sl-rozaj", "pl"]
