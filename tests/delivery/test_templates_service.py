"""Drafts, versions, checks, and messages put together for people that are really there."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from delivery.post import NOON, Post
from onevoice.domains.access.service import audit, sites
from onevoice.domains.delivery.contracts.templates import (
    EmailParts,
    Footer,
    Heading,
    MessengerParts,
    Paragraphs,
    PlainParts,
    Template,
    TemplateSource,
    Variant,
)
from onevoice.domains.delivery.errors import (
    ArchivedTemplateError,
    TemplateChangedError,
    TemplateError,
    TemplateProblemsError,
    TemplateTakenError,
    UnknownTemplateError,
)
from onevoice.domains.delivery.rules import checking
from onevoice.domains.delivery.service import templates, wording
from onevoice.domains.profiles.service.context import CustomerContext
from onevoice.kit.db import Database
from profiles.linked_shop import Shop

EMAIL = EmailParts("For {{ customer.name }}", blocks=(Heading("Hello, {{ customer.first_name }}"), Footer()))
SOURCE = TemplateSource("pl", (Variant("email", "pl", EMAIL), Variant("email", "en", EMAIL)))


def sandbox(text: str, language: str = "pl") -> TemplateSource:
    return TemplateSource(language, (Variant("sandbox", language, PlainParts(text)),))


@pytest.fixture
def made(post: Post) -> Template:
    return create(post)


def create(post: Post, name: str = "welcome", source: TemplateSource = SOURCE, **more) -> Template:
    with post.database.transaction() as conn:
        return templates.create(
            conn, "pl", name, more.get("of", "marketing"), "promotions", source, actor="mara", clock=post.clock
        )


def publish(post: Post, number: int, revision: int = 1, note: str = ""):
    with post.database.transaction() as conn:
        return templates.publish(conn, number, revision=revision, note=note, actor="mara", clock=post.clock)


def put(post: Post, number: int, source: TemplateSource, revision: int = 1, actor: str = "olga") -> Template:
    with post.database.transaction() as conn:
        return templates.put_draft(conn, number, source, revision=revision, actor=actor, clock=post.clock)


def told(post: Post, number: int) -> list[tuple[str, str]]:
    """Of the audit log who did what, oldest first."""
    with post.database.transaction() as conn:
        lines = audit.audit_log(conn, subject=f"template:{number}")
    return [(line.audit.actor, line.audit.action.removeprefix("template.")) for line in reversed(lines)]


class TestCreate:
    def test_it_begins_as_a_draft(self, made: Template) -> None:
        assert (made.draft, made.revision, made.published) == (SOURCE, 1, None)

    def test_a_name_is_taken_once(self, post: Post, made: Template) -> None:
        with pytest.raises(TemplateTakenError):
            create(post)

    @pytest.mark.parametrize("name", ["", "Ab", "a b", "ą", "a" * 65, "-a"])
    def test_a_name_is_plain(self, post: Post, name: str) -> None:
        with pytest.raises(TemplateError):
            create(post, name)

    def test_it_is_not_endless(self, post: Post) -> None:
        with pytest.raises(TemplateError, match="bytes"):
            create(post, source=sandbox("x" * 1_000_001))
        with pytest.raises(TemplateError, match="zero"):
            create(post, source=sandbox("a\x00b"))


class TestPutDraft:
    def test_a_draft_may_be_wrong(self, post: Post, made: Template) -> None:
        assert put(post, made.id, sandbox("{{ nope")).revision == 2

    def test_nobody_overwrites_unseen(self, post: Post, made: Template) -> None:
        put(post, made.id, sandbox("a"))
        with pytest.raises(TemplateChangedError, match="olga"):
            put(post, made.id, sandbox("b"))

    def test_of_two_at_once_one_is_told(self, post: Post, made: Template) -> None:
        barrier, outcomes = threading.Barrier(2), []

        def change(text: str) -> None:
            barrier.wait()
            try:
                outcomes.append(put(post, made.id, sandbox(text)).revision)
            except TemplateChangedError:
                outcomes.append(0)

        threads = [threading.Thread(target=change, args=(text,)) for text in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [0, 2]

    def test_what_is_the_same_changes_nothing(self, post: Post, made: Template) -> None:
        assert put(post, made.id, SOURCE).revision == 1

    def test_the_audit_tells_once_that_somebody_changes_it(self, post: Post, made: Template) -> None:
        for revision in range(1, 6):
            put(post, made.id, sandbox(f"text {revision}"), revision)
            post.later(minutes=20)
        assert told(post, made.id) == [("mara", "created"), ("olga", "drafted")]

    def test_the_audit_tells_when_somebody_else_goes_on(self, post: Post, made: Template) -> None:
        for revision, actor in enumerate(("olga", "olga", "mara", "mara", "olga"), 1):
            put(post, made.id, sandbox(f"text {revision}"), revision, actor)
            post.later(seconds=5)
        assert told(post, made.id)[1:] == [("olga", "drafted"), ("mara", "drafted"), ("olga", "drafted")]

    def test_the_audit_tells_when_they_come_back_to_it(self, post: Post, made: Template) -> None:
        put(post, made.id, sandbox("a"))
        post.later(minutes=31)
        put(post, made.id, sandbox("b"), 2)
        assert told(post, made.id)[1:] == [("olga", "drafted")] * 2

    def test_the_audit_tells_of_the_first_change_after_a_version(self, post: Post, made: Template) -> None:
        for revision in range(1, 7):
            put(post, made.id, sandbox(f"text {revision}"), revision)
            post.later(seconds=5)
            if revision == 3:
                publish(post, made.id, 4)
                post.later(seconds=5)
        assert [what for _, what in told(post, made.id)] == ["created", "drafted", "published", "drafted"]


def replace_subject(parts: EmailParts, subject: str) -> EmailParts:
    return EmailParts(subject, parts.preheader, parts.blocks, parts.mjml, parts.text, parts.accent)


def replace_parts(source: TemplateSource, parts: EmailParts) -> Variant:
    return Variant(source.variants[0].channel, source.variants[0].language, parts)


class TestPublish:
    def test_the_draft_becomes_a_version(self, post: Post, made: Template) -> None:
        assert publish(post, made.id, note=" first ").note == "first"
        put(post, made.id, sandbox("two"))
        assert publish(post, made.id, 2).version == 2
        with post.database.transaction() as conn:
            assert [(each.version, each.source) for each in templates.versions(conn, made.id)] == [
                (2, sandbox("two")), (1, SOURCE),
            ]  # fmt: skip
            assert templates.template(conn, made.id).published == 2

    def test_the_audit_says_which_parts_and_no_text(self, post: Post, made: Template) -> None:
        publish(post, made.id)
        changed = (replace_parts(SOURCE, replace_subject(EMAIL, "Secret")), SOURCE.variants[1])
        put(post, made.id, TemplateSource("pl", changed))
        publish(post, made.id, 2)
        with post.database.transaction() as conn:
            line = audit.audit_log(conn, subject=f"template:{made.id}")[0]
        assert line.audit.after == {"version": 2, "note": "", "parts": ["email/pl/subject"]}

    def test_what_is_wrong_is_not_published(self, post: Post) -> None:
        made = create(post, source=sandbox("{{ nope"))
        with pytest.raises(TemplateProblemsError) as caught:
            publish(post, made.id)
        assert caught.value.extra["problems"][0]["line"] == 1

    def test_what_somebody_else_has_changed_is_not_published_unseen(self, post: Post, made: Template) -> None:
        put(post, made.id, sandbox("x"))
        with pytest.raises(TemplateChangedError):
            publish(post, made.id, 1)

    def test_versions_are_only_added_to(self, post: Post, made: Template) -> None:
        publish(post, made.id)
        for statement in ("update delivery.template_version set note = 'x'", "delete from delivery.template_version"):
            with (
                pytest.raises(psycopg.errors.RaiseException, match="only added to"),
                post.database.transaction() as conn,
            ):
                conn.execute(statement)

    def test_an_archived_one_is_left_alone(self, post: Post, made: Template) -> None:
        with post.database.transaction() as conn:
            templates.archive(conn, made.id, archived=True, actor="mara", clock=post.clock)
        with pytest.raises(ArchivedTemplateError):
            publish(post, made.id)
        with post.database.transaction() as conn:
            assert templates.page(conn) == []
            assert [each.id for each in templates.page(conn, archived=True)] == [made.id]
            templates.archive(conn, made.id, archived=False, actor="mara", clock=post.clock)
        assert publish(post, made.id).version == 1

    def test_what_is_not_there(self, post: Post) -> None:
        with pytest.raises(UnknownTemplateError):
            publish(post, 9_999)


class TestCheck:
    def reasons(self, source: TemplateSource, of="marketing") -> list[tuple[str, str]]:
        return [(each.severity, each.reason) for each in checking.check(source, of)]

    def test_a_good_one_has_nothing(self) -> None:
        assert self.reasons(SOURCE) == []

    def test_a_marketing_email_needs_the_ways_out(self) -> None:
        bare = TemplateSource("pl", (Variant("email", "pl", EmailParts("x", blocks=(Paragraphs("x"),))),))
        assert self.reasons(bare) == [("error", "no_way_out")] * 2
        assert self.reasons(bare, "transactional") == []

    def test_the_default_language_is_there_for_every_channel(self) -> None:
        source = TemplateSource("pl", (*SOURCE.variants, Variant("telegram", "en", MessengerParts("x"))))
        assert self.reasons(source) == [("error", "no_default")]

    def test_nothing_is_there_twice(self) -> None:
        assert ("error", "duplicate") in self.reasons(TemplateSource("pl", SOURCE.variants * 2))

    def test_languages_and_parts_are_right(self) -> None:
        assert ("error", "language") in self.reasons(sandbox("x", "PL_pl"))
        assert ("error", "channel") in self.reasons(TemplateSource("pl", (Variant("email", "pl", PlainParts("x")),)))
        assert self.reasons(TemplateSource("pl", ())) == [("error", "empty")]

    def test_every_variant_is_looked_at(self) -> None:
        source = TemplateSource("pl", tuple(Variant("sandbox", each, PlainParts("{{ x")) for each in ("pl", "en")))
        assert [(each.language, each.line) for each in checking.check(source, "marketing")] == [("pl", 1), ("en", 1)]

    def test_names_that_nobody_knows_are_warned_of(self) -> None:
        text = "{{ customer.nmae | optional }}{{ order.id }}{% for i in cart.items %}{{ i.x }}{% endfor %}"
        text += "{% assign q = 1 %}{{ q }}"
        found = checking.check(sandbox(text), "marketing")
        assert {each.severity for each in found} == {"warning"}
        assert any("customer has no nmae" in each.detail for each in found)
        assert [each.variable for each in found] == ["cart", "customer.nmae", "order"]

    def test_a_name_that_nobody_knows_is_one_hint_for_all_its_places(self) -> None:
        texts = ("{{ order.id }} {{ order.total }}", "{{ order.id }}", "Nothing", "{{ order.id }} {{ shop }}")
        languages = ("pl", "en", "ru", "de")
        variants = tuple(
            Variant("sandbox", language, PlainParts(text)) for language, text in zip(languages, texts, strict=True)
        )
        found = checking.check(TemplateSource("pl", variants), "marketing")
        assert [(each.variable, each.language, each.more) for each in found] == [("order", "pl", 2), ("shop", "de", 0)]

    def test_what_is_wrong_is_told_before_what_may_be_meant(self) -> None:
        source = TemplateSource(
            "pl", (Variant("sandbox", "pl", PlainParts("{{ order }}")), Variant("sandbox", "en", PlainParts("{{ x")))
        )
        assert self.reasons(source) == [("error", "syntax"), ("warning", "unknown_variable")]


class TestDiff:
    def test_only_what_differs_line_by_line(self) -> None:
        new = TemplateSource("pl", (Variant("sandbox", "pl", PlainParts("a\nc\nd")),))
        (change,) = checking.diff(sandbox("a\nb\nd"), new)
        assert (change.channel, change.language, change.part) == ("sandbox", "pl", "text")
        assert change.lines == (("same", "a"), ("gone", "b"), ("new", "c"), ("same", "d"))

    def test_blocks_and_buttons_are_compared_by_their_fields(self) -> None:
        other = EmailParts("For {{ customer.name }}", blocks=(Heading("Hi"), Footer()))
        (change,) = checking.diff(
            TemplateSource("pl", (Variant("email", "pl", EMAIL),)),
            TemplateSource("pl", (Variant("email", "pl", other),)),
        )
        assert change.part == "blocks"
        assert ("new", "text: Hi") in change.lines

    def test_a_variant_that_came_or_went_is_shown(self) -> None:
        assert {each.language for each in checking.diff(SOURCE, TemplateSource("pl", SOURCE.variants[:1]))} == {"en"}

    def test_long_texts_do_not_take_for_ever(self) -> None:
        old, new = ("\n".join(f"{side}{n}" for n in range(20_000)) for side in "ab")
        assert len(checking.diff(sandbox(old), sandbox(new))[0].lines) == 40_000


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    shop = Shop(database, "main")
    with database.transaction() as conn:
        details = {"title": "Northfold", "legal_name": "Northfold sp. z o.o.", "currency": "PLN", "language": "pl"}
        change = {**details, "time_zone": "Europe/Warsaw"}
        sites.update(conn, "main", change, actor="owner", clock=shop.home.clock)
    return shop


class TestRendered:
    TEXT = (
        "{{ customer.name }} {{ customer.traits.points | optional }} {{ site.title }} {{ total | money }}"
        " {{ day | date: 'time' }}"
    )

    def node(self, shop: Shop, user: str) -> int:
        with shop.home.database.transaction() as conn:
            (nid,) = conn.execute(
                "select n.nid from identity.vault v join identity.node n on n.nid = v.nid"
                " join identity.kind k on k.id = n.kind where v.value = to_jsonb(%s::text) and k.name = 'user_id'",
                (user,),
            ).fetchone()
        return nid

    def version(self, shop: Shop, source: TemplateSource, name: str = "t") -> tuple[int, int]:
        with shop.home.database.transaction() as conn:
            made = templates.create(
                conn, "main", name, "transactional", "orders", source, actor="mara", clock=shop.home.clock
            )
            return made.id, templates.publish(conn, made.id, revision=1, actor="mara", clock=shop.home.clock).version

    def rendered(self, shop: Shop, wanted: list[wording.Wanted]):
        with shop.home.database.transaction() as conn:
            return wording.Wordings().rendered(conn, wanted)

    def loaded(self, shop: Shop, *nodes: int):
        with shop.home.database.transaction() as conn:
            return CustomerContext().load(conn, nodes, NOON)

    def test_a_message_is_put_together_from_what_was_kept(self, shop: Shop) -> None:
        shop.person("u1", firstName="Anna", lastName="Nowak", points=7)
        template, version = self.version(shop, sandbox(self.TEXT))
        nid = self.node(shop, "u1")
        context = {"customer": self.loaded(shop, nid)[nid], "total": 129_990, "day": "2026-05-03T12:00:00Z"}
        found = self.rendered(shop, [wording.Wanted(1, template, version, "sandbox", "main", context)])
        assert found[1].content.text == "Anna Nowak 7 Northfold 1299,90\xa0zł 14:00"

    def test_personal_values_are_kept_as_references_and_erased_ones_are_missing(self, shop: Shop) -> None:
        shop.person("u1", firstName="Anna", email="anna@n.example")
        nid = self.node(shop, "u1")
        context = {"customer": self.loaded(shop, nid)[nid]}
        assert "anna" not in str(context)
        assert "Anna" not in str(context)
        template, version = self.version(shop, sandbox("{{ customer.first_name }} {{ customer.traits.email }}"))
        wanted = [wording.Wanted(1, template, version, "sandbox", "main", context)]
        assert self.rendered(shop, wanted)[1].content.text == "Anna anna@n.example"
        with shop.home.database.transaction() as conn:
            conn.execute("delete from identity.vault where nid = %s and key <> ''", (nid,))
        refused = self.rendered(shop, wanted)[1]
        assert (refused.reason, "line 1" in refused.detail) == ("missing_value", True)

    def test_the_newest_of_all_their_identifiers_counts(self, shop: Shop) -> None:
        shop.send({"type": "identify", "anonymousId": "a1", "traits": {"city": "Gdynia", "tier": "silver"}}, at=0)
        shop.send(
            {"type": "identify", "anonymousId": "a1", "userId": "u1", "traits": {"tier": "gold", "old": None}}, at=5
        )
        nid = self.node(shop, "u1")
        traits = self.loaded(shop, nid)[nid]["traits"]
        assert (traits["tier"], "old" in traits) == ("gold", False)
        assert traits["city"] is not None

    def test_thousands_take_three_statements(self, shop: Shop) -> None:
        for number in range(5):
            shop.person(f"u{number}", firstName=f"N{number}")
        nodes = [self.node(shop, f"u{number}") for number in range(5)]
        with shop.home.database.transaction() as conn:
            counted = Counted(conn)
            found = CustomerContext().load(counted, [*nodes, 10**12], NOON)
        assert counted.statements <= 3
        assert sorted(found) == sorted(nodes)

    def test_one_that_fails_does_not_stop_the_others(self, shop: Shop) -> None:
        template, version = self.version(shop, sandbox("{{ x }}"))
        found = self.rendered(
            shop,
            [
                wording.Wanted(1, template, version, "sandbox", "main", {"x": "a"}),
                wording.Wanted(2, template, version, "sandbox", "main", {}),
                wording.Wanted(3, template, version, "sms", "main", {"x": "a"}),
                wording.Wanted(4, template, 99, "sandbox", "main", {"x": "a"}),
            ],
        )
        assert [getattr(found[n], "reason", "ok") for n in (1, 2, 3, 4)] == [
            "ok", "missing_value", "no_variant", "unknown_template",
        ]  # fmt: skip

    def test_the_language_is_the_asked_then_the_persons_then_the_sites(self, shop: Shop) -> None:
        variants = tuple(Variant("sandbox", each, PlainParts(each)) for each in ("en", "pl", "ru"))
        template, version = self.version(shop, TemplateSource("en", variants))
        speaks = {"customer": {"traits": {"language": "ru-RU"}}}
        wanted = [
            wording.Wanted(1, template, version, "sandbox", "main", speaks, language="en"),
            wording.Wanted(2, template, version, "sandbox", "main", speaks),
            wording.Wanted(3, template, version, "sandbox", "main", {}),
        ]
        assert [found.content.text for found in self.rendered(shop, wanted).values()] == ["en", "ru", "pl"]

    def test_an_old_version_is_rendered_as_it_was(self, shop: Shop) -> None:
        template, version = self.version(shop, sandbox("one"))
        with shop.home.database.transaction() as conn:
            templates.put_draft(conn, template, sandbox("two"), revision=1, actor="mara", clock=shop.home.clock)
            templates.publish(conn, template, revision=2, actor="mara", clock=shop.home.clock)
        found = self.rendered(shop, [wording.Wanted(1, template, version, "sandbox", "main", {})])
        assert found[1].content.text == "one"


class Counted:
    """A connection that counts what it is told."""

    def __init__(self, conn) -> None:
        self.conn, self.statements = conn, 0

    def execute(self, *args, **kwargs):
        self.statements += 1
        return self.conn.execute(*args, **kwargs)


class TestOutbox:
    """What is asked for with a template is what the provider gets."""

    SAID = TemplateSource("en", (Variant("email", "en", EmailParts("Order {{ order.id }}", blocks=(Footer(),))),))

    def published(self, post: Post) -> int:
        number = create(post, source=self.SAID).id
        publish(post, number)
        return number

    def test_the_template_is_put_together_when_it_is_claimed(self, post: Post) -> None:
        account = post.account()
        number = self.published(post)
        (nid,) = post.willing()
        asked = post.send(nid, words=None, template=number, version=1, context={"order": {"id": 7}})
        (claimed,) = post.claim(account).claimed
        assert claimed.outgoing.content.subject == "Order 7"
        assert claimed.outgoing.language == "en"
        assert f"https://n.example/u/{asked.id}" in (claimed.outgoing.content.html or "")

    def test_what_is_missing_fails_that_message_and_no_other(self, post: Post) -> None:
        account = post.account()
        number = self.published(post)
        whole, half = (post.willing()[0] for _ in range(2))
        good = post.send(whole, words=None, template=number, version=1, context={"order": {"id": 7}})
        bad = post.send(half, words=None, template=number, version=1)
        assert [each.outgoing.id for each in post.claim(account).claimed] == [good.id]
        assert post.message(bad.id).state == "failed"
        assert post.message(bad.id).reason == "missing_value"
