"""A brand with a desk: customers write by their doors, colleagues answer, and the log is followed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from delivery.post import Post
from onevoice import bootstrap
from onevoice.domains.access.contracts import AccountCreate
from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.conversations.contracts import Episode
from onevoice.domains.conversations.service import acting, following, reading
from onevoice.domains.conversations.service.reading import Person
from onevoice.domains.conversations.store.episodes import Filter
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Said
from onevoice.domains.delivery.contracts.messages import Accepted
from onevoice.domains.delivery.service import hearing, saying, settling
from onevoice.domains.events.service import log as events
from onevoice.domains.profiles.service import operations
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit.home import Secrets

VAULT = b"v" * 32


@dataclass
class Desk:
    post: Post
    accounts: dict[str, Account] = field(default_factory=dict)

    @property
    def clock(self):
        return self.post.clock

    def account(self, channel: str = "email") -> Account:
        if channel not in self.accounts:
            self.accounts[channel] = self.post.account(channel)
        return self.accounts[channel]

    def colleague(self, name: str, *, available: bool = False, most: int = 8) -> int:
        with self.post.database.transaction() as conn:
            create = AccountCreate(f"{name.lower()}@shop.example", name, "correct horse battery", "operator")
            made = colleagues.create_account(conn, create, clock=self.clock, chance=self.post.chance)
        if available:
            self.does_take_part(made.id, most)
        return made.id

    def does_take_part(self, account: int, most: int = 8) -> None:
        with self.post.database.transaction() as conn:
            acting.take_part(conn, account, True, most, clock=self.clock)

    def hears(
        self, text: str, address: str = "anna@n.example", channel: str = "email", *, at: datetime | None = None,
        follow: bool = True, **more: Any,
    ) -> None:  # fmt: skip
        """Somebody writes; it is linked and followed."""
        account = self.account(channel)
        key = f"u{next(self.post.numbers)}"
        said = Said(key, address, text, at or self.clock.now(), f"<{key}@n.example>", **more)
        with self.post.database.transaction() as conn:
            hearing.hear(conn, account, [said], self.post.channels[channel], vault_key=VAULT, clock=self.clock)
        if follow:
            self.link()

    def knows(self, **identifiers: Any) -> None:
        """An identify call that ties identifiers."""
        source = self.account().source_id
        body = {"type": "identify", "messageId": f"k{next(self.post.numbers)}", **identifiers}
        with self.post.database.transaction() as conn:
            events.append(conn, [events.judged([body], source, self.clock.now())])
        self.link()

    def link(self) -> None:
        self.link_only()
        with self.post.database.transaction() as conn:
            hearing.follow(conn)
        self.follow()

    def link_only(self) -> None:
        """Nobody follows it yet."""
        home = bootstrap.Installation(
            self.post.database, Secrets(VAULT, b"s" * 32, b"l" * 32), self.clock, self.post.chance
        )
        with bootstrap.linking_steps(home) as step:
            while step():
                pass

    def merge(self, one: str, other: str) -> int:
        """By hand, as a colleague does: the action, to be undone."""
        with self.post.database.transaction() as conn:
            return operations.merge(conn, one, other, self._request(), source_infos(conn)).operation.id

    def undo(self, action: int) -> None:
        with self.post.database.transaction() as conn:
            operations.undo(conn, action, self._request(), source_infos(conn))

    def _request(self) -> operations.Request:
        return operations.Request("olga", "one person", self.clock.now(), VAULT, dry_run=False)

    def follow(self) -> None:
        before = -1
        while True:
            with self.post.database.transaction() as conn:
                found = following.follow(conn, clock=self.clock)
            if found.seq == before:
                return
            before = found.seq

    def tick(self) -> int:
        with self.post.database.transaction() as conn:
            return following.tick(conn, clock=self.clock)

    def goes(self) -> None:
        """What is due is sent, told of, linked and followed."""
        for channel, account in self.accounts.items():
            claim = self.post.claim(account)
            results = [
                settling.Result(each.outgoing, each.attempt, Accepted(f"p-{each.outgoing.id}"))
                for each in claim.claimed
            ]
            with self.post.database.transaction() as conn:
                ended = settling.settle(
                    conn, account, results, self.post.channels, clock=self.clock, chance=self.post.chance
                )
                kind = self.post.channels[channel].capabilities.address_kind
                saying.tell(conn, account, ended, kind, self.clock.now())
        self.link()

    def person(self, reference: str = "email:anna@n.example") -> Person:
        with self.post.database.transaction() as conn:
            return reading.person(conn, reference, VAULT)

    def does(self, act: Any, *args: Any, reference: str = "email:anna@n.example", **more: Any) -> Any:
        """Something of acting, done to somebody's conversation."""
        with self.post.database.transaction() as conn:
            return act(conn, reading.person(conn, reference, VAULT), *args, **more)

    def episodes(self, reference: str = "email:anna@n.example") -> list[Episode]:
        with self.post.database.transaction() as conn:
            return reading.conversation(conn, reading.person(conn, reference, VAULT), 0).episodes

    def episode(self, reference: str = "email:anna@n.example") -> Episode:
        """The only one there is."""
        (found,) = self.episodes(reference)
        return found

    def thread(self, reference: str = "email:anna@n.example", limit: int = 50, before: Any = None) -> reading.Thread:
        with self.post.database.transaction() as conn:
            return reading.thread(conn, reading.person(conn, reference, VAULT), before, limit)

    def texts(self, reference: str = "email:anna@n.example") -> list[str]:
        """What was said, oldest first."""
        items = [each for each in self.thread(reference).items if not isinstance(each, tuple)]
        return [each.properties["text"] if hasattr(each, "properties") else each.text for each in reversed(items)]

    def inbox(self, view: str = "open", me: int = 0, limit: int = 50, **more: Any) -> list[reading.Line]:
        with self.post.database.transaction() as conn:
            return reading.inbox(conn, Filter(view, me, **more), limit).lines
