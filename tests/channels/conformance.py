"""What every channel must do, ours and those of others: one suite over all of them.

A channel's own tests extend `Conformance`, give it a `Bench` (the channel beside its stand-in), and name in `gaps` what
the channel does not do, with the reason: `never` where the provider knows no such thing, `notyet` where we could. What
is named there is run all the same, and fails once it works. How to write one: docs/how-to/write-a-channel.md.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol

import pytest

from onevoice.domains.delivery.contracts.channels import Heard, Incoming, Reach, Said
from onevoice.domains.delivery.contracts.messages import Accepted, Button, Content, Media, Outgoing
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.ports import Adaptor, Channel, Tools
from onevoice.domains.identity.contracts import CHANNELS
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.egress import Egress

Trouble = Literal[
    "too_many", "too_many_date", "broken", "silence", "unheard", "reset", "cut", "garbage", "refused", "revoked",
    "redirect",
]  # fmt: skip
HOSTILE_TEXTS = (
    "Cześć, Łukasz! Привет, Ирина. Hello 🐢👩‍👩‍👧", "a < b && c > d \"quoted\" 'single'",
    "<b>not a tag</b> &amp; &lt;i&gt;", "line\nline\r\nline\ttab", "{{ 7*7 }} ${x} %s %(x)s", "*_~`[](x)\\",
    "'; drop table messages; --", "\u202eRTL\u202c",
)  # fmt: skip
HOSTILE_BODIES = (
    b"", b"null", b"[]", b"{}", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe\x00", b'{"update_id":"x","message":[]}',
    b'{"update_id":1e400}', b'{"update_id":1,"message":{"chat":null}}', b"\x1f\x8b\x08\x00garbage", b"--x\r\n\r\n--x--",
)  # fmt: skip
SECONDS = 0.4
"""How long tests wait for what will not come."""


@dataclass(frozen=True)
class Seen:
    """A message as the stand-in took it. buttons: their texts. media: (kind, bytes)."""

    provider_id: str
    address: str
    text: str
    buttons: tuple[str, ...] = ()
    media: tuple[tuple[str, bytes], ...] = ()
    answers: str | None = None


class Bench(Protocol):
    """A channel beside its stand-in, which is running."""

    channel: Channel
    allowed: frozenset[str]
    """`host:port` of the stand-in."""
    hasty_settings: Mapping[str, Any]
    """With these it waits no longer than `SECONDS`, where that is not for egress to say."""

    def settings(self) -> dict[str, Any]:
        """With which it works."""
        ...

    def refused_settings(self) -> Sequence[dict[str, Any]]:
        """That look right, and that the provider refuses."""
        ...

    def address(self) -> str:
        """Another one each time, of somebody who can be reached."""
        ...

    def gone_address(self) -> str:
        """Of somebody who cannot be reached any more."""
        ...

    def seen(self) -> Sequence[Seen]:
        """What the stand-in took, in its order, as it stands after edits."""
        ...

    def trouble(self, kind: Trouble) -> None:
        """What happens to the next message. `too_many` asks to wait 7 s, in whatever way the provider says so."""
        ...

    def write(self, address: str, text: str) -> None:
        """Somebody writes to us."""
        ...

    def press(self, provider_id: str, data: str) -> None:
        """Somebody presses a button under a message of ours."""
        ...

    def shut(self, address: str) -> None:
        """Somebody blocks us."""
        ...

    def incoming(self, text: str) -> Incoming:
        """A webhook request that says this, signed rightly."""
        ...

    def aged(self, request: Incoming) -> Incoming:
        """The same request, signed rightly but long ago."""
        ...

    def signed(self, body: bytes) -> Incoming:
        """Any body, signed rightly."""
        ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Gap:
    kind: Literal["never", "notyet"]
    reason: str


def never(reason: str) -> Gap:
    return Gap("never", reason)


def notyet(reason: str) -> Gap:
    return Gap("notyet", reason)


class Hasty(Egress):
    """Waits no longer than tests like to, for what will not come."""

    async def request(self, method: str, url: str, *, timeout_seconds: float = 30, **more: Any) -> Any:
        return await super().request(method, url, timeout_seconds=min(timeout_seconds, SECONDS), **more)


@asynccontextmanager
async def opened(bench: Bench, settings: Mapping[str, Any] | None = None, *, hasty: bool = False):
    egress = (Hasty if hasty else Egress)(allowed=bench.allowed)
    try:
        adaptor = bench.channel.open(
            bench.settings() if settings is None else settings, Tools(SystemClock(), SeededChance(1), egress)
        )
        try:
            yield adaptor
        finally:
            await adaptor.close()
    finally:
        await egress.close()


def using(bench: Bench, work: Callable[[Adaptor], Awaitable[Any]], settings: Any = None, *, hasty: bool = False) -> Any:
    async def run() -> Any:
        async with opened(bench, settings, hasty=hasty) as adaptor:
            return await work(adaptor)

    return asyncio.run(run())


_numbers = iter(range(1, 10**9))


def outgoing(address: str, text: str = "Your order is on its way.", **more: Any) -> Outgoing:
    number = next(_numbers)
    content = more.pop("content", None) or Content(text)
    at = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    return Outgoing(MessageId(number), f"key-{number}", address, content, at=at, **more)


def send(bench: Bench, *messages: Outgoing) -> list[Accepted]:
    async def work(adaptor: Adaptor) -> list[Accepted]:
        return [await adaptor.send(message) for message in messages]

    return using(bench, work)


def error_of(bench: Bench, message: Outgoing, settings: Any = None, *, hasty: bool = False) -> ChannelError:
    """What sending raises, which never tells a secret or what was said."""
    used = bench.settings() if settings is None else settings
    if hasty:
        used = used | bench.hasty_settings
    with pytest.raises(ChannelError) as caught:
        using(bench, lambda adaptor: adaptor.send(message), used, hasty=hasty)
    told = f"{caught.value!r} {caught.value.detail}"
    secret = [setting.name for setting in bench.channel.manifest.settings if setting.secret]
    assert not [name for name in secret if used.get(name) and str(used[name]) in told]
    assert message.content.text not in told
    return caught.value


def hear(bench: Bench, position: str | None, *, until: int) -> list[Heard]:
    """What polling brings, until so many items have come."""

    async def work(adaptor: Adaptor) -> list[Heard]:
        got: list[Heard] = []
        async with asyncio.timeout(5), aclosing(adaptor.listen(position)) as polls:
            async for heard in polls:
                got.append(heard)
                if sum(len(each.items) for each in got) >= until:
                    return got
        return got

    return using(bench, work)


def _expected(test: Callable[..., Any], gap: Gap) -> Callable[..., Any]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            test(*args, **kwargs)
        except (Exception, pytest.fail.Exception):
            return
        pytest.fail(f"{test.__name__} works now, and stands in the gaps: {gap.kind}({gap.reason!r})")

    return run


class Conformance:
    gaps: ClassVar[dict[str, Gap]] = {}
    """By the name of a test."""

    def __init_subclass__(cls) -> None:
        for name, gap in cls.gaps.items():
            assert gap.reason, name
            setattr(cls, name, _expected(getattr(cls, name), gap))

    # The manifest

    def test_the_manifest_speaks_three_languages(self, bench: Bench) -> None:
        manifest = bench.channel.manifest
        for each in [manifest.title, *(setting.title for setting in manifest.settings)]:
            assert {"en", "ru", "pl"} <= set(each)
        for setting in manifest.settings:
            assert not setting.help or {"en", "ru", "pl"} <= set(setting.help)
            assert not (setting.secret and setting.default), setting.name
            assert setting.type != "choice" or setting.default in {None, *setting.choices}
            assert set(setting.choice_titles) == set(setting.choices), setting.name
            assert all({"en", "ru", "pl"} <= set(each) for each in setting.choice_titles.values())

    def test_the_manifest_names_a_door_and_limits(self, bench: Bench) -> None:
        manifest = bench.channel.manifest
        assert manifest.door in CHANNELS
        assert min(manifest.limits.per_second, manifest.limits.burst, manifest.limits.concurrency) > 0
        assert manifest.capabilities.text_max > 0

    def test_the_manifest_claims_what_works_and_nothing_else(self, bench: Bench) -> None:
        can = bench.channel.manifest.capabilities
        works = {
            "test_an_edit_changes_what_was_said": can.edits,
            "test_buttons_arrive_in_their_order": can.buttons,
            "test_a_button_that_was_pressed_comes_back": can.buttons and bool(can.inbound),
            "test_files_arrive_byte_for_byte": bool(can.media),
            "test_the_same_key_is_taken_once": can.idempotent,
            "test_a_webhook_says_who_said_what": "webhook" in can.inbound,
            "test_a_poll_says_who_said_what": "poll" in can.inbound,
        }
        assert {name: name not in self.gaps for name in works} == works

    # Settings

    def test_right_settings_are_tried_and_nothing_is_sent(self, bench: Bench) -> None:
        assert using(bench, lambda adaptor: adaptor.probe()).name
        assert [*bench.seen()] == []

    def test_wrong_settings_need_somebody(self, bench: Bench) -> None:
        refused = bench.refused_settings()
        assert refused
        for settings in refused:
            with pytest.raises(ActionRequired):
                using(bench, lambda adaptor: adaptor.probe(), settings)

    def test_a_secret_that_is_empty_cannot_be_used(self, bench: Bench) -> None:
        secrets = [each.name for each in bench.channel.manifest.settings if each.secret and each.required]
        assert secrets
        for name in secrets:
            with pytest.raises(ActionRequired):
                using(bench, lambda adaptor: adaptor.probe(), bench.settings() | {name: ""})

    def test_settings_that_are_missing_need_somebody(self, bench: Bench) -> None:
        required = [each.name for each in bench.channel.manifest.settings if each.required]
        for settings in (
            {},
            *({key: value for key, value in bench.settings().items() if key != name} for name in required),
        ):
            with pytest.raises(ActionRequired):
                using(bench, lambda adaptor: adaptor.probe(), settings)
            with pytest.raises(ActionRequired):
                using(bench, lambda adaptor: adaptor.probe(), dict.fromkeys(bench.settings()) | settings)

    def test_addresses_within_are_not_reached_unless_opened(self, bench: Bench) -> None:
        class Shut:
            channel = bench.channel
            allowed = frozenset[str]()
            settings = staticmethod(bench.settings)

        with pytest.raises(ActionRequired):
            using(Shut(), lambda adaptor: adaptor.probe())  # type: ignore[arg-type]

    # Sending

    @pytest.mark.parametrize("text", HOSTILE_TEXTS)
    def test_a_text_arrives_as_it_is(self, bench: Bench, text: str) -> None:
        address = bench.address()
        [accepted] = send(bench, outgoing(address, text))
        [seen] = bench.seen()
        assert (seen.provider_id, seen.address, seen.text) == (accepted.provider_id, address, text)

    def test_each_message_has_its_own_name(self, bench: Bench) -> None:
        address = bench.address()
        got = send(bench, outgoing(address, "one"), outgoing(address, "two"), outgoing(bench.address(), "three"))
        assert len({each.provider_id for each in got}) == 3
        assert [each.text for each in bench.seen()] == ["one", "two", "three"]

    def test_many_at_once_arrive_each_once(self, bench: Bench) -> None:
        messages = [outgoing(bench.address(), f"message {number}") for number in range(30)]

        async def work(adaptor: Adaptor) -> list[Accepted]:
            return await asyncio.gather(*(adaptor.send(message) for message in messages))

        got = using(bench, work)
        assert {(each.provider_id, each.address, each.text) for each in bench.seen()} == {
            (accepted.provider_id, message.address, message.content.text)
            for accepted, message in zip(got, messages, strict=True)
        }
        assert len(bench.seen()) == 30

    def test_the_same_key_is_taken_once(self, bench: Bench) -> None:
        message = outgoing(bench.address())
        first, second = send(bench, message, message)
        assert first.provider_id == second.provider_id
        assert len(bench.seen()) == 1

    def test_a_text_that_is_too_long_is_refused_before_it_is_sent(self, bench: Bench) -> None:
        longest = bench.channel.manifest.capabilities.text_max
        send(bench, outgoing(bench.address(), "x" * longest))
        error = error_of(bench, outgoing(bench.address(), "x" * (longest + 1)))
        assert isinstance(error, Permanent)
        assert (error.code, error.gone, len(bench.seen())) == ("too_long", False, 1)

    def test_buttons_arrive_in_their_order(self, bench: Bench) -> None:
        rows = (
            (Button("Yes", data="yes"), Button("No", data="no")),
            (Button("Shop", url="https://shop.example/?a=b&c"),),
        )
        send(bench, outgoing(bench.address(), content=Content("Shall we?", buttons=rows)))
        assert bench.seen()[0].buttons == ("Yes", "No", "Shop")

    def test_an_edit_changes_what_was_said(self, bench: Bench) -> None:
        address = bench.address()
        [accepted] = send(bench, outgoing(address, "On its way"))
        [edited] = send(bench, outgoing(address, "Delivered", edits=accepted.provider_id))
        assert edited.provider_id == accepted.provider_id
        [seen] = bench.seen()
        assert (seen.provider_id, seen.text) == (accepted.provider_id, "Delivered")

    def test_an_answer_names_what_it_answers(self, bench: Bench) -> None:
        address = bench.address()
        [first] = send(bench, outgoing(address, "one"))
        send(bench, outgoing(address, "two", answers=first.provider_id))
        assert bench.seen()[1].answers == first.provider_id

    def test_files_arrive_byte_for_byte(self, bench: Bench) -> None:
        kinds = bench.channel.manifest.capabilities.media
        assert kinds
        for kind in kinds:
            data = bytes(range(256)) * 40 + b"\r\n--boundary--\r\n" + kind.encode()
            media = Media(kind, 'na"me\r\nż.bin', "application/octet-stream", data)  # type: ignore[arg-type]
            send(bench, outgoing(bench.address(), content=Content(f"Here: {kind}", media=(media,))))
            seen = bench.seen()[-1]
            assert (seen.text, seen.media) == (f"Here: {kind}", ((kind, data),))

    # What goes wrong

    def test_too_many_says_how_long_to_wait(self, bench: Bench) -> None:
        bench.trouble("too_many")
        error = error_of(bench, outgoing(bench.address()))
        assert isinstance(error, Retriable)
        assert (error.after_seconds, error.accepted, len(bench.seen())) == (7, "no", 0)

    def test_a_date_says_how_long_to_wait(self, bench: Bench) -> None:
        bench.trouble("too_many_date")
        error = error_of(bench, outgoing(bench.address()))
        assert isinstance(error, Retriable)
        assert error.after_seconds is not None
        assert 4 < error.after_seconds <= 7

    def test_a_broken_provider_may_be_tried_again(self, bench: Bench) -> None:
        bench.trouble("broken")
        message = outgoing(bench.address())
        error = error_of(bench, message)
        assert isinstance(error, Retriable)
        assert (error.accepted, len(bench.seen())) == ("no", 0)
        send(bench, message)
        assert len(bench.seen()) == 1

    @pytest.mark.parametrize("kind", ["silence", "unheard", "reset", "cut"])
    def test_nobody_knows_whether_it_was_taken(self, bench: Bench, kind: Trouble) -> None:
        bench.trouble(kind)
        error = error_of(bench, outgoing(bench.address()), hasty=True)
        assert isinstance(error, Retriable)
        assert error.accepted == "maybe"
        assert len(bench.seen()) == (kind != "unheard")

    def test_a_yes_that_cannot_be_read_may_be_one(self, bench: Bench) -> None:
        bench.trouble("garbage")
        error = error_of(bench, outgoing(bench.address()))
        assert isinstance(error, Retriable)
        assert (error.accepted, len(bench.seen())) == ("maybe", 1)

    def test_where_nobody_listens_nothing_was_taken(self, bench: Bench) -> None:
        message = outgoing(bench.address())
        bench.stop()
        error = error_of(bench, message)
        assert isinstance(error, Retriable)
        assert error.accepted == "no"

    def test_one_message_that_is_refused_is_lost_alone(self, bench: Bench) -> None:
        bench.trouble("refused")
        error = error_of(bench, outgoing(bench.address()))
        assert isinstance(error, Permanent)
        assert not error.gone
        send(bench, outgoing(bench.address()))

    def test_somebody_who_is_gone_stays_so(self, bench: Bench) -> None:
        error = error_of(bench, outgoing(bench.gone_address()))
        assert isinstance(error, Permanent)
        assert error.gone

    def test_a_revoked_account_needs_somebody(self, bench: Bench) -> None:
        bench.trouble("revoked")
        assert isinstance(error_of(bench, outgoing(bench.address())), ActionRequired)

    def test_a_redirect_is_no_success(self, bench: Bench) -> None:
        bench.trouble("redirect")
        assert isinstance(error_of(bench, outgoing(bench.address())), ActionRequired)
        assert [*bench.seen()] == []

    def test_what_was_given_up_does_not_answer_for_another(self, bench: Bench) -> None:
        """A send that is cancelled must not leave its answer behind for the next one on the same connection."""
        address, other = bench.address(), bench.address()

        async def work(adaptor: Adaptor) -> Accepted:
            bench.trouble("silence")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SECONDS / 4):
                    await adaptor.send(outgoing(address, "given up"))
            return await adaptor.send(outgoing(other, "kept"))

        accepted = using(bench, work)
        assert [each.address for each in bench.seen() if each.provider_id == accepted.provider_id] == [other]

    def test_closing_twice_is_once(self, bench: Bench) -> None:
        using(bench, lambda adaptor: adaptor.close())

    # What comes back

    def test_a_webhook_says_who_said_what(self, bench: Bench) -> None:
        [said] = self._parsed(bench, bench.incoming("Where is my order?"))
        assert isinstance(said, Said)
        assert (said.text, bool(said.address), bool(said.key)) == ("Where is my order?", True, True)
        assert abs(said.happened_at - datetime.now(UTC)) < timedelta(minutes=1)

    def test_a_repeat_is_known_by_its_key(self, bench: Bench) -> None:
        request = bench.incoming("Twice")
        assert [each.key for each in self._parsed(bench, request)] == [
            each.key for each in self._parsed(bench, request)
        ]
        [again] = self._parsed(bench, bench.incoming("Twice"))
        assert again.key not in {each.key for each in self._parsed(bench, request)}

    def test_a_forged_webhook_is_refused(self, bench: Bench) -> None:
        request = bench.incoming("Let me in")
        assert self._parsed(bench, request)
        bare = {
            name: value
            for name, value in request.headers.items()
            if not any(word in name for word in ("secret", "signature", "token", "authorization"))
        }
        assert bare != request.headers
        emptied = dict.fromkeys(request.headers, "")
        wrong = {name: value if name in bare else value[:-1] + "~" for name, value in request.headers.items()}
        longer = {name: value if name in bare else value + "x" for name, value in request.headers.items()}
        foreign = {name: value if name in bare else "ż🐢" for name, value in request.headers.items()}
        for headers in ({}, bare, emptied, wrong, longer, foreign):
            with pytest.raises(Permanent) as caught:
                self._parsed(bench, replace(request, headers=headers))
            assert caught.value.code == "forged"

    def test_an_old_signature_is_refused(self, bench: Bench) -> None:
        request = bench.incoming("Again")
        assert self._parsed(bench, request)
        with pytest.raises(Permanent) as caught:
            self._parsed(bench, bench.aged(request))
        assert caught.value.code == "forged"

    def test_without_a_secret_no_webhook_is_taken(self, bench: Bench) -> None:
        request = bench.incoming("Let me in")
        secrets = [each.name for each in bench.channel.manifest.settings if each.secret and not each.required]
        assert secrets
        for name in secrets:
            settings = {key: value for key, value in bench.settings().items() if key != name}
            for headers in (request.headers, {}, dict.fromkeys(request.headers, "")):
                with pytest.raises((Permanent, ActionRequired)):
                    self._parsed(bench, replace(request, headers=headers), settings)

    @pytest.mark.parametrize("number", range(len(HOSTILE_BODIES)))
    def test_a_hostile_body_says_nothing(self, bench: Bench, number: int) -> None:
        try:
            said = [*self._parsed(bench, bench.signed(HOSTILE_BODIES[number]))]
        except Permanent as error:
            said = [] if error.code == "unreadable" else [error]
        assert said == []

    def test_a_poll_says_who_said_what(self, bench: Bench) -> None:
        address = bench.address()
        start = self._position(bench)
        bench.write(address, "Where is my order?")
        heard = hear(bench, start, until=1)
        [said] = [item for each in heard for item in each.items]
        assert isinstance(said, Said)
        assert (said.address, said.text) == (address, "Where is my order?")

    def test_a_poll_goes_on_where_it_was_left(self, bench: Bench) -> None:
        address = bench.address()
        start = self._position(bench)
        bench.write(address, "one")
        bench.write(address, "two")
        first = hear(bench, start, until=2)
        again = hear(bench, start, until=2)
        keys = [item.key for each in first for item in each.items]
        assert [item.key for each in again for item in each.items] == keys
        assert len(set(keys)) == 2
        bench.write(address, "three")
        [said] = [item for each in hear(bench, first[-1].position, until=1) for item in each.items]
        assert isinstance(said, Said)
        assert said.text == "three"

    def test_a_button_that_was_pressed_comes_back(self, bench: Bench) -> None:
        address = bench.address()
        start = self._position(bench)
        [accepted] = send(bench, outgoing(address, content=Content("Yes?", buttons=((Button("Yes", data="yes:1"),),))))
        bench.press(accepted.provider_id, "yes:1")
        [said] = [item for each in hear(bench, start, until=1) for item in each.items]
        assert isinstance(said, Said)
        assert (said.pressed, said.text, said.address, said.answers) == ("yes:1", "Yes", address, accepted.provider_id)

    def test_who_blocks_us_is_told(self, bench: Bench) -> None:
        address = bench.address()
        start = self._position(bench)
        bench.shut(address)
        [reach] = [item for each in hear(bench, start, until=1) for item in each.items]
        assert isinstance(reach, Reach)
        assert (reach.address, reach.open) == (address, False)
        error = error_of(bench, outgoing(address))
        assert isinstance(error, Permanent)
        assert error.gone

    @staticmethod
    def _parsed(bench: Bench, request: Incoming, settings: Any = None) -> Any:
        async def work(adaptor: Adaptor) -> Any:
            return adaptor.parse(request)

        return using(bench, work, settings)

    @staticmethod
    def _position(bench: Bench) -> str:
        """Of now. What was said before anybody listened may come, or be left out: where to go on is after it."""
        bench.write(bench.address(), "said before anybody listened")

        async def work(adaptor: Adaptor) -> str:
            async with asyncio.timeout(5), aclosing(adaptor.listen(None)) as polls:
                async for heard in polls:
                    return heard.position
            raise AssertionError

        return using(bench, work)


INBOUND = [
    "test_a_webhook_says_who_said_what", "test_a_repeat_is_known_by_its_key", "test_a_forged_webhook_is_refused",
    "test_an_old_signature_is_refused", "test_without_a_secret_no_webhook_is_taken", "test_a_poll_says_who_said_what",
    "test_a_poll_goes_on_where_it_was_left", "test_a_button_that_was_pressed_comes_back", "test_who_blocks_us_is_told",
]  # fmt: skip
"""What a channel that only sends has no part in."""


class Outbound:
    """For benches of channels that only send."""

    hasty_settings: Mapping[str, Any] = {}

    def _nothing(self, *_: Any) -> Any:
        raise NotImplementedError

    write = press = shut = incoming = aged = _nothing

    def signed(self, body: bytes) -> Incoming:
        return Incoming("POST", {}, {}, body)
