"""What a demo says happened before it began: accounts, consents, messages judged and sent, each as of its own time.

Nothing is written around the services: a message is asked for, judged, claimed, handed to its channel and settled as
the sender does it, in one transaction, so that no sender takes it at today's time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from onevoice.bootstrap.sending import (
    SOURCES,
    SendingSettings,
    channels,
    connect_account,
    doors,
    links,
    manifests,
    sealer,
)
from onevoice.bootstrap.shared import Installation
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Inbound
from onevoice.domains.delivery.contracts.messages import Ask, Asked, Content, Outgoing
from onevoice.domains.delivery.contracts.names import MessageClass
from onevoice.domains.delivery.contracts.templates import TemplateSource
from onevoice.domains.delivery.errors import ChannelError
from onevoice.domains.delivery.ports import Tools
from onevoice.domains.delivery.service import (
    accounts,
    asking,
    claiming,
    hearing,
    rendering,
    saying,
    settling,
    templates,
)
from onevoice.domains.identity.errors import UnknownProfileError
from onevoice.domains.identity.service import reading, references
from onevoice.domains.privacy.contracts import Said, SuppressionReason
from onevoice.domains.privacy.service import ledger, purposes, suppressing
from onevoice.kit import tokens
from onevoice.kit.clock import Clock, ManualClock
from onevoice.kit.egress import Egress

SENT_AFTER = timedelta(seconds=2)


class Past:
    """actor: who of ours it was."""

    def __init__(self, home: Installation, settings: SendingSettings, actor: str) -> None:
        self._home = home
        self._settings = settings
        self._actor = actor
        self._vault = home.secrets.vault_key
        self._confirming = tokens.key_of(home.secrets.link_key, ledger.CONFIRMATION)

    def connect(self, channel: str, name: str, site: str, given: Mapping[str, Any], *, cost_minor: int = 0) -> Account:
        """An account with these settings, tried first; one of this name that is there is pointed to them.

        Raises: UnusableSettingsError, UnknownSiteError.
        """
        wanted = accounts.AccountCreate(channel, name, site, given, cost_minor=cost_minor)
        return connect_account(self._home, self._settings, wanted, actor=self._actor)

    def publish(
        self, site: str, name: str, message_class: MessageClass, purpose: str, source: TemplateSource, at: datetime
    ) -> tuple[int, int]:
        """Its number and version; one of this name that is there stays as it is. Raises: TemplateProblemsError."""
        clock = ManualClock(at)
        with self._home.database.transaction() as conn:
            there = next((one for one in templates.page(conn, site=site, limit=500) if one.name == name), None)
            made = there or templates.create(
                conn, site, name, message_class, purpose, source, actor=self._actor, clock=clock
            )
            if made.published is None:
                version = templates.publish(conn, made.id, revision=made.revision, actor=self._actor, clock=clock)
                return made.id, version.version
            return made.id, made.published

    def consent(self, who: str, purpose: str, channel: str, language: str, said: Said, *, twice: bool) -> None:
        """twice: asked for by a form, and confirmed from the address a quarter of an hour later."""
        clock = _then(said)
        with self._home.database.transaction() as conn:
            nid, _ = references.locate(conn, who, self._vault)
            text = purposes.texts(conn)[purpose, language].id
            given = Said(said.source, said.key, said.actor, said.door, said.happened, text, not twice, said.proof)
            if not twice:
                ledger.grant(conn, nid, purpose, channel, given, clock=clock)
                return
            asked = ledger.request(
                conn, nid, purpose, channel, given, clock=clock, chance=self._home.chance, key=self._confirming
            )
            if asked.token is not None:
                clock.advance(timedelta(minutes=15))
                ledger.confirm(conn, asked.token, Said("confirmation", ""), clock=clock, key=self._confirming)

    def withdraw(self, who: str, purpose: str, channel: str, said: Said) -> None:
        with self._home.database.transaction() as conn:
            nid, _ = references.locate(conn, who, self._vault)
            ledger.withdraw(conn, nid, purpose, channel, said, clock=_then(said))

    def wish(self, who: str, wishes: Mapping[str, Any], said: Said) -> None:
        with self._home.database.transaction() as conn:
            nid, _ = references.locate(conn, who, self._vault)
            ledger.wish(conn, nid, wishes, said, clock=_then(said))

    def suppress(self, who: str, reason: SuppressionReason, source: str, at: datetime) -> None:
        with self._home.database.transaction() as conn:
            nid, _ = references.locate(conn, who, self._vault)
            suppressing.suppress(conn, nid, reason, source=source, clock=ManualClock(at))

    def hear(self, account: Account, items: Sequence[Inbound], at: datetime) -> None:
        with self._home.database.transaction() as conn:
            hearing.hear(
                conn, account, items, manifests()[account.channel], vault_key=self._vault, clock=ManualClock(at)
            )

    def knows(self, who: str) -> bool:
        with self._home.database.transaction() as conn:
            try:
                references.locate(conn, who, self._vault)
            except UnknownProfileError:
                return False
        return True

    def say(
        self,
        who: str,
        key: str,
        site: str,
        about: tuple[MessageClass, str],
        said: Content | tuple[int, int],
        at: datetime,
        *,
        variables: Mapping[str, Any] | None = None,
        language: str | None = None,
        channels_wanted: tuple[str, ...] = (),
    ) -> Asked:
        """Ask, and send what may go at once. said: words, or a template and its version."""
        home, known = self._home, manifests()
        clock = ManualClock(at)
        with home.database.transaction() as conn:
            nid, _ = references.locate(conn, who, self._vault)
            while hearing.follow(conn).seq < reading.last_seq(conn):
                pass  # what they said just before counts
            template = (None, None) if isinstance(said, Content) else said
            asked = Ask(
                key, nid, site, *about, self._actor,
                said if isinstance(said, Content) else None, *template, variables or {}, language, channels_wanted,
            )  # fmt: skip
            (found,) = asking.ask(conn, [asked], known, SOURCES, clock=clock)
            if found.state != "queued" or found.repeated:
                return found
            clock.advance(SENT_AFTER)
            base = self._settings.base_url
            renderer = rendering.Renderer(doors(home, base), links(home, base))
            for account in accounts.accounts(conn):
                if account.channel == found.channel and account.site == site:
                    claim = claiming.claim(conn, account, 10, known, renderer, at=clock.now())
                    settings = accounts.opened(conn, account, sealer(home))
                    results = [
                        settling.Result(
                            each.outgoing, each.attempt,
                            asyncio.run(self._sent(account.channel, settings, each.outgoing, clock)),
                        )
                        for each in claim.claimed
                    ]  # fmt: skip
                    ended = settling.settle(conn, account, results, known, clock=clock, chance=home.chance)
                    kind = known[account.channel].capabilities.address_kind
                    saying.tell(conn, account, ended, kind, clock.now())
            return found

    async def _sent(self, channel: str, settings: Mapping[str, Any], message: Outgoing, clock: Clock) -> Any:
        egress = Egress(allowed=self._settings.allowed)
        try:
            adaptor = channels()[channel].open(settings, Tools(clock, self._home.chance, egress))
            try:
                return await adaptor.send(message)
            finally:
                await adaptor.close()
        except ChannelError as error:
            return error
        finally:
            await egress.close()


def _then(said: Said) -> ManualClock:
    """Raises: ValueError where it is not told when it was said."""
    if said.happened is None:
        raise ValueError("What is of the past says when it happened.")
    return ManualClock(said.happened)
