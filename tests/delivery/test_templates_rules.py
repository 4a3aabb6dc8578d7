import os
import re
import time
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.template_payloads import ADDRESSES, BREAKOUTS, CANARY, CANARY_NAME, HEAVY, INJECTIONS
from onevoice.domains.delivery.contracts.templates import (
    ButtonParts,
    Divider,
    EmailParts,
    Footer,
    Heading,
    LinkButton,
    MessengerParts,
    Paragraphs,
    Picture,
    PlainParts,
    Product,
    Products,
    TemplateSource,
    Variant,
)
from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.filters import FILTERS
from onevoice.domains.delivery.rules.rendering import chosen, compile_variant, preview, render
from onevoice.domains.delivery.rules.sandbox import OUTPUT_MAX, TAGS

CONTEXT = {
    "customer": {"name": "Anna", "city": None, "nick": "", "points": 1200, "traits": {"tier": "gold", "vip": True}},
    "items": [
        {"title": "Kettle", "price": 12990, "url": "https://shop.example/k?a=1&b=2"},
        {"title": "Cup", "price": 500, "url": "https://shop.example/c"},
    ],
    "long": "x" * 90_000,
    "n": 5,
    "unsubscribe_url": "https://brand.example/u/1",
    "preferences_url": "https://brand.example/p/1",
    "site": {"title": "Northfold", "legal_name": "Northfold sp. z o.o."},
}
WHOLE_MJML = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def said(text: str, language: str = "en", context: dict | None = None, **how) -> str:
    compiled = compile_variant(Variant("sandbox", language, PlainParts(text)))
    return render(compiled, CONTEXT if context is None else context, **how).text


def mailed(mjml: str, context: dict | None = None, **how):
    compiled = compile_variant(Variant("email", "en", EmailParts("Hello", mjml=WHOLE_MJML.format(mjml))))
    return render(compiled, CONTEXT if context is None else context, **how)


def refused(text: str, context: dict | None = None) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        said(text, context=context)
    return caught.value


class Read(HTMLParser):
    """What a mail reader makes of a document: texts, and the attributes of each element."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def values(self, tag: str, name: str) -> list[str | None]:
        return [found[name] for each, found in self.elements if each == tag and name in found]


class TestVariables:
    def test_a_value_stands_where_it_is_named(self) -> None:
        assert said("Dear {{ customer.name }}, {{ customer.traits.tier }}!") == "Dear Anna, gold!"

    def test_lists_and_objects_are_read_by_index_and_name(self) -> None:
        assert said("{{ items[0].title }} {{ items.last['title'] }} {{ items.size }}") == "Kettle Cup 2"

    def test_what_is_missing_refuses_the_message_and_says_where(self) -> None:
        error = refused("Hello\n  {{ customer.surname }}")
        assert (error.reason, error.part, error.line, error.column) == ("missing_value", "text", 2, 3)
        assert "customer.surname" in error.detail

    @pytest.mark.parametrize("name", ["customer.city", "customer.nick", "customer.traits.none.deep", "nobody"])
    def test_null_and_empty_are_missing_too(self, name: str) -> None:
        assert refused(f"{{{{ {name} }}}}").reason == "missing_value"

    def test_a_default_stands_in(self) -> None:
        assert said("{{ customer.nick | default: 'friend' }}{{ customer.city | upcase | default: '!' }}") == "friend!"

    def test_what_is_optional_may_be_empty(self) -> None:
        assert said("[{{ customer.nick | optional }}]") == "[]"

    def test_zero_and_false_are_values(self) -> None:
        assert said("{{ a }} {{ b }}", context={"a": 0, "b": False}) == "0 false"

    def test_what_is_missing_is_false_and_equals_nothing(self) -> None:
        assert said("{% if customer.city %}a{% endif %}{% if customer.city == nil %}b{% endif %}") == "b"
        assert said("{% if nobody == '' %}c{% endif %}") == "c"

    def test_a_preview_lists_what_is_missing_and_goes_on(self) -> None:
        compiled = compile_variant(
            Variant("sandbox", "en", PlainParts("a{{ x }}b\n{{ customer.y }}{{ customer.name }}"))
        )
        found = preview(compiled, CONTEXT)
        assert found.content.text == "a[x]b\n[customer.y]Anna"
        assert [(each.path, each.line, each.column) for each in found.missing] == [("x", 1, 2), ("customer.y", 2, 1)]

    def test_no_address_and_no_button_holds_the_name_of_what_is_missing(self) -> None:
        parts = MessengerParts(
            '<a href="https://n.example/{{ x }}">{{ x["<"] }}</a>', ((ButtonParts("Go{{ x }}", data="{{ x }}"),),)
        )
        found = preview(compile_variant(Variant("telegram", "en", parts)), CONTEXT).content
        assert found.html == '<a href="https://n.example/">[x[&#x27;&lt;&#x27;]]</a>'
        assert (found.buttons[0][0].text, found.buttons[0][0].data) == ("Go", "")

    @pytest.mark.parametrize("value", [object(), os, len, {1, 2}, b"x"])
    def test_what_is_no_plain_value_is_never_shown(self, value: object) -> None:
        assert refused("{{ x }}", context={"x": value}).reason == "bad_value"
        assert refused("{{ x.a }}", context={"x": value}).reason == "missing_value"


class TestTags:
    def test_conditions_choose(self) -> None:
        text = "{% if n > 9 %}a{% elsif n >= 5 and customer.traits.vip %}b{% else %}c{% endif %}"
        assert said(text) == "b"
        assert said("{% unless n == 5 %}a{% else %}b{% endunless %}") == "b"
        assert (
            said("{% case customer.traits.tier %}{% when 'silver' %}s{% when 'gold', 'x' %}g{% else %}-{% endcase %}")
            == "g"
        )
        assert said("{% if customer.name contains 'nn' %}y{% endif %}") == "y"

    def test_loops_go_through_lists(self) -> None:
        text = (
            "{% for i in items %}{{ forloop.index }}{{ i.title }}{% unless forloop.last %}, {% endunless %}{% endfor %}"
        )
        assert said(text) == "1Kettle, 2Cup"
        assert said("{% for i in (1..9) limit: 3 offset: 2 %}{{ i }}{% endfor %}") == "345"
        assert said("{% for i in items reversed %}{{ i.title }}{% endfor %}") == "CupKettle"
        assert said("{% for i in nobody %}x{% else %}none{% endfor %}") == "none"
        assert (
            said(
                "{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}"
                "{% if i > 3 %}{% break %}{% endif %}{{ i }}{% endfor %}"
            )
            == "13"
        )

    def test_a_loop_leaves_the_names_it_used_as_they_were(self) -> None:
        assert (
            said(
                "{% assign i = 'a' %}{% for i in (1..2) %}{% for i in (7..8) %}{{ i }}{% endfor %}{{ i }}"
                "{% endfor %}{{ i }}"
            )
            == "781782a"
        )

    def test_values_are_assigned_and_captured(self) -> None:
        assert said("{% assign x = n | plus: 1 %}{% capture y %}<{{ x }}>{% endcapture %}{{ y }}{{ x }}") == "<6>6"

    def test_comments_say_nothing(self) -> None:
        assert said("a{% comment %} {{ nobody }} {% if %} {% endcomment %}b") == "ab"

    def test_white_space_goes_where_it_is_asked_to(self) -> None:
        assert said("a  {{- n -}}  b {%- if n -%} c {%- endif %}") == "a5bc"

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            ("ab\n {{ x", 2, 2),
            ("{% if n %}", None, None),
            ("\n\n{% nope %}", 3, 1),
            ("a {{ n | nope }}", 1, 10),
            ("{{ }}", 1, 1),
        ],
    )
    def test_what_cannot_be_read_says_where(self, text: str, line: int | None, column: int | None) -> None:
        error = refused(text)
        assert error.reason == "syntax"
        assert line is None or (error.line, error.column) == (line, column)

    def test_break_stands_in_a_loop_only(self) -> None:
        assert refused("{% break %}").reason == "syntax"


class TestFilters:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("'ANNA  KOWALSKA' | name", "Anna Kowalska"),
            ("'de la Cruz' | name", "de la Cruz"),
            ("'a,b' | split: ',' | join: '+'", "a+b"),
            ("'żółw' | upcase", "ŻÓŁW"),
            ("'word word word' | truncatewords: 2, '…'", "word word…"),
            ("'abcdef' | truncate: 4", "a..."),
            ("'a b&c' | url_encode", "a+b%26c"),
            ("items | map: 'title' | join: ', '", "Kettle, Cup"),
            ("items | sum: 'price'", "13490"),
            ("items | sort: 'price' | first | size", "3"),
            ("items | where: 'title', 'Cup' | map: 'price' | first", "500"),
            ("7 | divided_by: 2", "3"),
            ("7.0 | divided_by: 2", "3.5"),
            ("'2.5' | times: 2", "5"),
            ("2.567 | round: 1", "2.6"),
            ("1234567 | number", "1,234,567"),
        ],
    )
    def test_each_does_what_it_says(self, expression: str, expected: str) -> None:
        assert said(f"{{{{ {expression} }}}}") == expected

    def test_money_is_in_minor_units_and_written_as_the_language_does(self) -> None:
        assert said("{{ 129990 | money: 'PLN' }}", "pl") == "1299,90\xa0zł"
        assert said("{{ 129990 | money: 'RUB' }}", "ru") == "1\xa0299,90\xa0₽"
        assert said("{{ 129990 | money: 'JPY' }}", "en") == "¥129,990"
        assert said("{{ 500 | money }}", "en", currency="GBP") == "£5.00"

    def test_money_needs_a_currency_that_exists_and_whole_units(self) -> None:
        for text in (
            "{{ 5 | money }}",
            "{{ 5 | money: 'XYZ' }}",
            "{{ 5.5 | money: 'PLN' }}",
            "{{ 'a' | money: 'PLN' }}",
        ):
            assert refused(text).reason == "bad_value"

    def test_dates_are_in_the_persons_zone_and_language(self) -> None:
        late = "{{ '2026-03-07T23:30:00Z' | date: 'day' }}"
        assert said(late, "pl", time_zone="Europe/Warsaw") == "8 marca"
        assert said(late, "ru", time_zone="Europe/Moscow") == "8 марта"
        assert said(late, "en", time_zone="UTC") == "March 7"
        assert (
            said("{{ '2026-03-07T23:30:00Z' | date: 'datetime' }}", "pl", time_zone="Europe/Warsaw")
            == "8 marca 2026, 00:30"
        )
        assert said("{{ '2026-03-08' | date: 'weekday' }}", "ru") == "воскресенье"

    def test_a_date_without_a_time_has_none(self) -> None:
        assert refused("{{ '2026-03-08' | date: 'time' }}").reason == "bad_value"
        assert refused("{{ 'soon' | date }}").reason == "bad_value"

    def test_plurals_follow_the_language(self) -> None:
        ru = "{% for n in (1..5) %}{{ n | plural: 'товар', 'товара', 'товаров' }} {% endfor %}"
        assert said(ru, "ru") == "товар товара товара товара товаров"
        assert said("{{ 21 | plural: 'товар', 'товара', 'товаров' }}", "ru") == "товар"
        assert said("{{ 21 | plural: 'rzecz', 'rzeczy', 'rzeczy' }}{{ 1 | plural: 'a', 'b', 'c' }}", "pl") == "rzeczya"
        assert said("{{ 1 | plural: 'item', 'items' }} {{ 0 | plural: 'item', 'items' }}", "en") == "item items"

    def test_plurals_need_as_many_forms_as_the_language_has(self) -> None:
        with pytest.raises(TemplateError, match="one, few, many"):
            said("{{ 1 | plural: 'a', 'b' }}", "ru")

    def test_a_wrong_number_of_arguments_is_found_before_anything_is_sent(self) -> None:
        with pytest.raises(TemplateError, match="Append takes 1"):
            compile_variant(Variant("sandbox", "en", PlainParts("{{ n | append }}")))

    @settings(max_examples=300, deadline=None)
    @given(
        name=st.sampled_from(sorted(FILTERS)),
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.decimals(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ),
        arguments=st.lists(
            st.text(max_size=10) | st.integers() | st.none() | st.decimals() | st.lists(st.none()), max_size=3
        ),
    )
    def test_whatever_it_is_given_it_gives_a_text_or_says_why_not(self, name, value, arguments) -> None:
        context = {"v": value, **{f"a{n}": each for n, each in enumerate(arguments)}}
        call = name + (": " + ", ".join(f"a{n}" for n in range(len(arguments))) if arguments else "")
        try:
            assert isinstance(said(f"{{{{ v | {call} }}}}", context=context), str)
        except TemplateError as error:
            said_why = error.detail
        else:
            said_why = "nothing was wrong"
        assert said_why


class TestHostile:
    @pytest.fixture(autouse=True)
    def canary(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(CANARY_NAME, CANARY)

    def outcome(self, parts) -> str:
        """Everything that came of it, or what was said instead; in a second of work, which a busy machine makes two."""
        began = time.process_time()
        try:
            compiled = compile_variant(Variant("any", "en", parts))
            content = render(compiled, CONTEXT)
            found = f"{content.text}{content.html}{content.subject}{content.buttons}"
            assert len(content.text) <= OUTPUT_MAX
        except TemplateError as error:
            found = f"{error.reason} {error.detail} {error.part}"
        assert time.process_time() - began < 3
        return found

    @pytest.mark.parametrize("payload", INJECTIONS)
    def test_nothing_of_the_machine_is_ever_shown(self, payload: str) -> None:
        places = (
            PlainParts(payload),
            MessengerParts(payload),
            MessengerParts("x", ((ButtonParts(payload, data="x"), ButtonParts("x", url=payload)),)),
            EmailParts(payload.replace("\n", " "), payload, mjml=WHOLE_MJML.format(f"<mj-text>{payload}</mj-text>")),
            EmailParts("x", mjml=WHOLE_MJML.format(f'<mj-button href="{payload}">x</mj-button>')),
            EmailParts("x", blocks=(Heading(payload), LinkButton(payload, payload), Picture(payload, payload))),
        )
        for parts in places:
            found = self.outcome(parts)
            assert CANARY not in found
            assert "<class" not in found
            assert "module '" not in found

    @pytest.mark.parametrize("payload", HEAVY, ids=range(len(HEAVY)))
    def test_nothing_takes_for_ever(self, payload: str) -> None:
        self.outcome(PlainParts(payload))
        self.outcome(MessengerParts(payload))
        self.outcome(EmailParts("x", mjml=payload))
        self.outcome(EmailParts("x", mjml=WHOLE_MJML.format(f"<mj-text>{payload}</mj-text>")))

    def test_output_is_bounded(self) -> None:
        error = refused("{% for i in (1..9999) %}" + "x" * 500 + "{% endfor %}")
        assert (error.reason, error.line) == ("limit", 1)

    def test_deep_elements_do_not_end_the_process(self) -> None:
        deep = "<div>" * 8_000 + "x" + "</div>" * 8_000
        with pytest.raises(TemplateError, match="too deep"):
            mailed(f"<mj-text>{deep}</mj-text>")

    @settings(max_examples=400, deadline=None)
    @given(
        st.lists(
            st.sampled_from(
                "{{ }} {% %} {%- -%} {{- -}} if endif else elsif for in endfor case when endcase assign capture"
                " endcapture"
                " unless endunless comment endcomment raw endraw break customer.name items n i = == > and or contains |"
                " append: 'a' default: ( ) (1..3) [ ] . , : ' \" < > <b> </b> <a href=\" \"> </a> & &amp; - \n env"
                " forloop.index nil empty size first limit:2 __class__".split(" ")
            ),
            max_size=40,
        )
    )
    def test_whatever_is_written_ends_as_a_message_or_as_an_error_with_a_reason(self, words: list[str]) -> None:
        text = " ".join(words)
        for parts in (PlainParts(text), MessengerParts(text), EmailParts("x", blocks=(Paragraphs(text),))):
            assert CANARY not in self.outcome(parts)

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=200))
    def test_any_text_at_all(self, text: str) -> None:
        for parts in (PlainParts(text), MessengerParts(text), EmailParts("x", mjml=text)):
            self.outcome(parts)

    def test_what_mjml_could_load_is_refused(self) -> None:
        for mjml in (
            '<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>',
            "<mjml><mj-body><mj-raw><script>1</script></mj-raw></mj-body></mjml>",
            '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><mjml><mj-body></mj-body></mjml>',
            WHOLE_MJML.format("<mj-text><script>alert(1)</script></mj-text>"),
            WHOLE_MJML.format('<mj-text><p onclick="alert(1)">x</p></mj-text>'),
            WHOLE_MJML.format('<mj-text><iframe src="https://x.example"></iframe></mj-text>'),
        ):
            with pytest.raises(TemplateError) as caught:
                compile_variant(Variant("email", "en", EmailParts("x", mjml=mjml)))
            assert caught.value.reason == "markup"
            assert caught.value.line is not None


class TestEscaping:
    @pytest.mark.parametrize("value", BREAKOUTS)
    def test_values_stay_in_their_place_in_an_email(self, value: str) -> None:
        content = mailed(
            '<mj-text>[{{ v }}] <a href="https://shop.example/?q={{ v | url_encode }}" title="{{ v }}">l</a></mj-text>'
            '<mj-image src="https://shop.example/x.png" alt="{{ v }}" />',
            {"v": value},
        )
        read = Read(content.html or "")
        assert f"[{value}]" in read.text.replace("\r\n", "\n")
        assert read.values("img", "alt") == [value]
        assert read.values("a", "title") == [value]
        assert {tag for tag, _ in read.elements} <= {
            "html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "a", "img",
        }  # fmt: skip
        assert not any(name.startswith("on") for _, found in read.elements for name in found)

    @pytest.mark.parametrize("value", BREAKOUTS)
    def test_values_stay_in_their_place_in_a_messenger(self, value: str) -> None:
        compiled = compile_variant(Variant("telegram", "en", MessengerParts("<b>{{ v }}</b> & <i>1 < 2</i>")))
        content = render(compiled, {"v": value})
        assert Read(content.html or "").text == f"{value} & 1 < 2"
        assert [tag for tag, _ in Read(content.html or "").elements] == ["b", "i"]

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
    def test_any_value_is_read_back_as_it_was(self, value: str) -> None:
        content = mailed(
            '<mj-text>[{{ v }}]</mj-text><mj-image src="https://x.example/a" alt="{{ v }}" />', {"v": value}
        )
        read = Read(content.html or "")
        assert f"[{value}]" in read.text
        assert read.values("img", "alt") == [value]

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_an_address_that_a_message_may_not_hold_stops_it(self, address: str) -> None:
        for parts in (
            MessengerParts('<a href="{{ v }}">x</a>'),
            MessengerParts("x", ((ButtonParts("x", url="{{ v }}"),),)),
            EmailParts("x", mjml=WHOLE_MJML.format('<mj-button href="{{ v }}">x</mj-button>')),
            EmailParts("x", mjml=WHOLE_MJML.format('<mj-image src="{{ v }}" alt="" />')),
        ):
            with pytest.raises(TemplateError) as caught:
                render(compile_variant(Variant("any", "en", parts)), {"v": address})
            assert caught.value.reason == "unsafe_link"

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "/x"])
    def test_an_address_written_into_the_template_is_found_at_once(self, address: str) -> None:
        for parts in (
            MessengerParts(f'<a href="{address}">x</a>'),
            MessengerParts("x", ((ButtonParts("x", url=address),),)),
            EmailParts("x", mjml=WHOLE_MJML.format(f'<mj-text><a href="{address}">x</a></mj-text>')),
            EmailParts("x", blocks=(LinkButton("x", address),)),
        ):
            with pytest.raises(TemplateError):
                compile_variant(Variant("any", "en", parts))

    def test_a_style_takes_a_colour_and_nothing_that_loads(self) -> None:
        mjml = '<mj-text><span style="color:{{ v }}">x</span></mj-text>'
        assert "color:#ff0000" in (mailed(mjml, {"v": "#ff0000"}).html or "")
        for value in ("red;background:url(https://evil.example)", "url(x)", "expression(1)", '"><b>'):
            with pytest.raises(TemplateError, match="colour"):
                mailed(mjml, {"v": value})

    @pytest.mark.parametrize(
        "text",
        [
            "<b>{% if n %}</b>{% endif %}",
            "{% for i in items %}<b>{% endfor %}</b>",
            "{% if n %}<b>{% else %}</b>{% endif %}",
            "<{{ customer.name }}>",
            "<a {{ customer.name }}>x</a>",
            '<a href="{% if n %}">x</a>{% endif %}',
            "<a href={{ customer.name }}>x</a>",
        ],
    )
    def test_liquid_cannot_tear_markup(self, text: str) -> None:
        with pytest.raises(TemplateError):
            compile_variant(Variant("telegram", "en", MessengerParts(text)))

    def test_a_captured_value_is_escaped_once(self) -> None:
        compiled = compile_variant(
            Variant("telegram", "en", MessengerParts("{% capture x %}{{ v }}{% endcapture %}{{ x }}"))
        )
        assert render(compiled, {"v": "<b>"}).html == "&lt;b&gt;"

    def test_a_subject_is_one_line(self) -> None:
        parts = EmailParts("Hi {{ v }}", mjml=WHOLE_MJML.format("<mj-text>x</mj-text>"))
        content = render(compile_variant(Variant("email", "en", parts)), {"v": "a\r\nBcc: evil@x.example\u2028b\x00"})
        assert content.subject == "Hi a Bcc: evil@x.example b"
        with pytest.raises(TemplateError, match="one line"):
            compile_variant(Variant("email", "en", EmailParts("a\nb", mjml=WHOLE_MJML.format(""))))


class TestMjml:
    def test_liquid_between_elements_is_kept(self) -> None:
        mjml = (
            "<mjml><mj-body>{% for i in items %}<mj-section><mj-column><mj-text>{{ i.title }}</mj-text>"
            "{% if i.price > 1000 %}<mj-divider />{% endif %}</mj-column></mj-section>{% endfor %}</mj-body></mjml>"
        )
        content = render(compile_variant(Variant("email", "en", EmailParts("x", mjml=mjml))), CONTEXT)
        assert Read(content.html or "").text.count("Kettle") == 1
        assert content.text.split() == ["Kettle", "Cup"]
        assert (content.html or "").count("border-top:solid") == 2  # once more for Outlook

    @settings(max_examples=200, deadline=None)
    @given(
        static=st.text(
            alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='"<&{%'), max_size=30
        ),
        text=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<&{%"), max_size=30),
    )
    def test_what_is_written_comes_through_unchanged(self, static: str, text: str) -> None:
        content = mailed(
            f'<mj-image src="https://x.example/a" alt="{static}{{{{ n }}}}{static}" title="{static}" />'
            f"<mj-text>[{text}{{{{ n }}}}{text}]</mj-text>"
        )
        read = Read(content.html or "")
        assert read.values("img", "alt") == [f"{static}5{static}"]
        assert read.values("img", "title") == [static]
        assert f"[{text}5{text}]" in read.text

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(
            st.sampled_from(
                ["{{ n }}", "{% if n %}y{% endif %}", "{% for i in items %}{{ i.price }}{% endfor %}", "z", " "]
            ),
            max_size=8,
        )
    )
    def test_liquid_says_the_same_in_an_attribute_in_text_and_alone(self, words: list[str]) -> None:
        text = "".join(words)
        alone = said(f"[{text}]")
        content = mailed(f'<mj-text><span title="[{text}]">[{text}]</span></mj-text>')
        read = Read(content.html or "")
        assert read.values("span", "title") == [alone]
        assert alone in read.text

    def test_a_place_that_can_hold_no_variable_says_so(self) -> None:
        with pytest.raises(TemplateError, match="No variable can stand here") as caught:
            mailed('\n<mj-image src="https://x.example/a" alt="" width="{{ n }}" />')
        assert (caught.value.part, caught.value.line) == ("mjml", 2)

    @pytest.mark.parametrize(
        ("mjml", "line"),
        [
            ("<mj-text>\n<b>x</mj-text>", 2),
            ("\n\ntext", 3),
            ("<mj-text>x</mj-text>\n<mj-foo />", 2),
            ("<mj-text>\n</mj-texts>", 2),
        ],
    )
    def test_what_is_wrong_in_the_markup_says_where(self, mjml: str, line: int) -> None:
        with pytest.raises(TemplateError) as caught:
            mailed(mjml)
        assert (caught.value.reason, caught.value.line) == ("markup", line)

    def test_the_language_is_written_on_the_document(self) -> None:
        assert Read(mailed("<mj-text>x</mj-text>").html or "").values("html", "lang") == ["en"]

    def test_the_preheader_is_hidden_at_the_top(self) -> None:
        for mjml in (WHOLE_MJML, WHOLE_MJML.replace("<mjml>", "<mjml><mj-head><mj-title>t</mj-title></mj-head>")):
            parts = EmailParts("x", "For {{ customer.name }} <only>", mjml=mjml.format("<mj-text>x</mj-text>"))
            content = render(compile_variant(Variant("email", "en", parts)), CONTEXT)
            assert "For Anna <only>" in Read(content.html or "").text
            assert "For Anna" not in content.text


class TestPlainText:
    def test_it_is_made_of_the_html(self) -> None:
        content = mailed(
            "<mj-text><h1>News</h1><p>One &amp; two,<br>three</p><ul><li>a</li><li>{{ n }}</li></ul></mj-text>"
            '<mj-button href="https://shop.example/?a=1&amp;b={{ n }}">Open</mj-button><mj-text>end</mj-text>'
        )
        assert content.text == "News\n\nOne & two,\nthree\n\n- a\n- 5\n\nOpen (https://shop.example/?a=1&b=5)\n\nend"

    def test_it_may_be_written_by_hand(self) -> None:
        parts = EmailParts(
            "x", mjml=WHOLE_MJML.format("<mj-text>html</mj-text>"), text="By hand for {{ customer.name }}"
        )
        assert render(compile_variant(Variant("email", "en", parts)), CONTEXT).text == "By hand for Anna"

    def test_conditions_that_say_nothing_leave_no_gap(self) -> None:
        content = mailed("<mj-text>a</mj-text>{% if nobody %}<mj-text>b</mj-text>{% endif %}<mj-text>c</mj-text>")
        assert content.text == "a\n\nc"

    def test_what_outlook_alone_is_told_is_not_in_it(self) -> None:
        assert mailed("<mj-divider /><mj-text>x</mj-text>").text == "x"


class TestBlocks:
    EVERY = (
        Heading("Hello, {{ customer.name }} & co"),
        Paragraphs('First line\nsecond\n\nA <b>bold</b> <a href="https://shop.example/?a=1&b=2">link</a>'),
        Picture("https://shop.example/{{ n }}.png", 'A "kettle"', "https://shop.example/k", 300),
        Products(
            (
                Product(
                    "{{ product.title }}",
                    "https://shop.example/p.png",
                    "{{ product.price | money: 'PLN' }}",
                    "{{ product.url }}",
                ),
            ),
            each="items",
        ),
        Products((Product("One"), Product("Two", price="5 zł"))),
        LinkButton("Open", "https://shop.example/", "center"),
        Divider(),
        Footer("You wrote to us."),
    )

    def content(self, *blocks, language: str = "en"):
        return render(compile_variant(Variant("email", language, EmailParts("x", blocks=blocks))), CONTEXT)

    def test_each_is_drawn(self) -> None:
        content = self.content(*self.EVERY)
        read = Read(content.html or "")
        for text in (
            "Hello, Anna & co",
            "second",
            "bold",
            "Kettle",
            "Cup",
            "PLN129.90",
            "Two",
            "Open",
            "You wrote to us.",
        ):
            assert text in read.text.replace("\xa0", "")
        assert "https://shop.example/?a=1&b=2" in read.values("a", "href")
        assert "https://shop.example/k?a=1&b=2" in read.values("a", "href")
        assert read.values("img", "alt") == ['A "kettle"', "Kettle", "Cup"]

    def test_the_text_names_a_product_once(self) -> None:
        assert self.content(*self.EVERY).text.count("Kettle (https://shop.example/k?a=1&b=2)") == 1

    @pytest.mark.parametrize(
        ("language", "leave"), [("en", "Unsubscribe"), ("ru", "Отписаться"), ("pl", "Zrezygnuj"), ("de", "Unsubscribe")]
    )
    def test_the_footer_names_the_house_and_the_ways_out(self, language: str, leave: str) -> None:
        content = self.content(Footer(), language=language)
        assert "Northfold sp. z o.o." in content.text
        assert leave in content.text
        assert {"https://brand.example/u/1", "https://brand.example/p/1"} <= set(
            Read(content.html or "").values("a", "href")
        )

    @pytest.mark.parametrize(
        ("block", "part", "line"),
        [
            (Heading("a\n{{ x"), "blocks[1].text", 2),
            (LinkButton("x", "javascript:1"), "blocks[1].url", 1),
            (Picture("{{ n | nope }}", ""), "blocks[1].src", 1),
            (Picture("https://x.example/", "", width=9000), "blocks[1].width", None),
            (Products(()), "blocks[1].products", None),
            (Products((Product("x"),), each="a b"), "blocks[1].each", None),
            (Paragraphs("x\n\n<script>"), "blocks[1].text", 3),
            (Paragraphs("<b>x"), "blocks[1].text", 1),
        ],
    )
    def test_what_is_wrong_names_the_field(self, block, part: str, line: int | None) -> None:
        with pytest.raises(TemplateError) as caught:
            self.content(Divider(), block)
        assert (caught.value.part, caught.value.line) == (part, line)

    def test_what_is_missing_names_the_field(self) -> None:
        with pytest.raises(TemplateError) as caught:
            self.content(Divider(), Heading("Dear {{ customer.surname }}"))
        assert (caught.value.part, caught.value.line, caught.value.column) == ("blocks[1].text", 1, 6)


class TestButtons:
    def test_they_open_or_send_back(self) -> None:
        parts = MessengerParts(
            "x",
            (
                (
                    ButtonParts("For {{ customer.name }}", url="https://x.example/{{ n }}"),
                    ButtonParts("No", data="no-{{ n }}"),
                ),
            ),
        )
        content = render(compile_variant(Variant("telegram", "en", parts)), CONTEXT)
        assert [(b.text, b.url, b.data) for b in content.buttons[0]] == [
            ("For Anna", "https://x.example/5", None),
            ("No", None, "no-5"),
        ]

    def test_what_one_sends_back_is_short(self) -> None:
        parts = MessengerParts("x", ((ButtonParts("x", data="{{ long }}"),),))
        with pytest.raises(TemplateError) as caught:
            render(compile_variant(Variant("telegram", "en", parts)), CONTEXT)
        assert (caught.value.reason, caught.value.part) == ("too_large", "buttons[0][0].data")

    @pytest.mark.parametrize(
        "button", [ButtonParts("x"), ButtonParts("x", "https://x.example", "y"), ButtonParts(" ", data="x")]
    )
    def test_each_does_one_thing_and_has_a_text(self, button: ButtonParts) -> None:
        with pytest.raises(TemplateError):
            compile_variant(Variant("telegram", "en", MessengerParts("x", ((button,),))))


class TestLinks:
    def test_those_that_may_be_counted_are_rewritten_everywhere(self) -> None:
        seen: list[str] = []

        def rewrite(url: str) -> str:
            seen.append(url)
            return f"https://l.example/{len(seen)}?a=1&b=2"

        mjml = (
            '<mj-text><a href="https://shop.example/a?x=1&amp;y=2">a</a> <a href="{{ unsubscribe_url }}">u</a>'
            ' <a href="mailto:us@shop.example">m</a></mj-text>'
            '<mj-button href="https://shop.example/{{ n }}">b</mj-button>'
        )
        content = mailed(mjml, rewrite=rewrite)
        assert Read(content.html or "").values("a", "href") == [
            "https://l.example/1?a=1&b=2", "https://brand.example/u/1", "mailto:us@shop.example", "https://l.example/2?a=1&b=2",
        ]  # fmt: skip
        assert set(seen) == {"https://shop.example/a?x=1&y=2", "https://shop.example/5"}
        assert "a (https://l.example/3?a=1&b=2)" in content.text

    def test_they_are_listed_as_they_are_written(self) -> None:
        parts = MessengerParts(
            '<a href="https://x.example/?a={{ n }}&b=1">x</a>', ((ButtonParts("p", url="{{ preferences_url }}"),),)
        )
        compiled = compile_variant(Variant("telegram", "en", parts))
        assert [(link.url, link.tracked) for link in compiled.links] == [
            ("https://x.example/?a={{ n }}&b=1", True),
            ("{{ preferences_url }}", False),
        ]


class TestChosen:
    SOURCE = TemplateSource(
        "en",
        (
            Variant("email", "en", PlainParts("e")),
            Variant("email", "pt", PlainParts("p")),
            Variant("email", "pl", PlainParts("l")),
            Variant("telegram", "ru", PlainParts("t")),
        ),
    )

    @pytest.mark.parametrize(
        ("channel", "languages", "expected"),
        [
            ("email", ["pl", "en"], "pl"),
            ("email", ["pt-BR"], "pt"),
            ("email", ["PL"], "pl"),
            ("email", ["ru", "pl"], "pl"),
            ("email", [None, "de"], "en"),
            ("email", [], "en"),
            ("telegram", ["ru"], "ru"),
            ("telegram", ["pl"], None),
            ("sms", ["en"], None),
        ],
    )
    def test_the_persons_language_then_the_sites_then_the_templates(self, channel, languages, expected) -> None:
        found = chosen(self.SOURCE, channel, languages)
        assert (found.language if found else None) == expected


class TestReference:
    def test_tags_are_those_that_are_documented(self) -> None:
        assert TAGS == ("assign", "break", "capture", "case", "continue", "for", "if", "unless")

    def test_numbers_are_written_without_an_exponent(self) -> None:
        assert said("{{ a }} {{ b }}", context={"a": Decimal("1.50"), "b": Decimal("1E+3")}) == "1.5 1000"
        assert not re.search("[eE]", said("{{ a }}", context={"a": Decimal("0.00000001")}))
