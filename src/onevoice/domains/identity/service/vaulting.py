"""Into the vault: what is personal in a batch's events, and the tokens by which an app's device is reached."""

import hashlib
from collections.abc import Collection, Sequence

import msgspec
from psycopg import Connection

from onevoice.domains.identity.rules.personal import REFERENCE
from onevoice.domains.identity.service.prepare import Message, Personal
from onevoice.domains.identity.store import linking as sql
from onevoice.domains.identity.store import push
from onevoice.kit.bounded import Bounded

Place = tuple[int, str, bytes]
"""(node, key, digest of the value)."""
Cache = Bounded[Place, int]
PUSH_KEY = "push"

_encode = msgspec.json.Encoder().encode


class Vault:
    """What one batch adds to the vault. newborn: nodes of which nothing can be stored already."""

    def __init__(self, conn: Connection, cache: Cache, newborn: Collection[int], values: list[sql.VaultRow]) -> None:
        self._conn = conn
        self._cache = cache
        self._newborn = newborn
        self._values = values

    def seal(self, messages: Sequence[Message]) -> None:
        """Bring what is personal into the vault; the same value of one identifier is kept once."""
        wanted: dict[Place, list[Personal]] = {}
        for message in messages:
            anchor = message.anchor
            for value in message.personal:
                place = (anchor, value.key, value.digest)
                known = self._cache[place]
                if known is not None:
                    value.reference[REFERENCE] = known
                else:
                    wanted.setdefault(place, []).append(value)
        if not wanted:
            return
        ids = self._keep({place: values[0].encoded for place, values in wanted.items()})
        for place, values in wanted.items():
            for value in values:
                value.reference[REFERENCE] = ids[place]

    def remember_devices(self, messages: Sequence[Message], vault_key: bytes) -> None:
        """Note by which tokens devices said they are reached, and when they said it last."""
        latest: dict[Place, tuple[Message, str]] = {}
        for message in messages:
            # Of an app that keeps its device's id to itself the anonymous id stands for the device.
            device = next((each.nid for each in message.found if each.kind.shared), None)
            if message.push is None or device is None:
                continue
            token, platform = message.push
            digest = hashlib.blake2b(token.encode(), key=vault_key, digest_size=16).digest()
            place = (device, PUSH_KEY, digest)
            known = latest.get(place)
            if known is None or (known[0].happened, known[0].hash) < (message.happened, message.hash):
                latest[place] = (message, platform)
        if not latest:
            return
        ids = self._keep({place: _encode(message.push[0]) for place, (message, _) in latest.items() if message.push})
        push.upsert(
            self._conn,
            [
                push.Seen(place[0], place[2], platform, ids[place], message.happened, message.hash, message.learnt)
                for place, (message, platform) in sorted(latest.items())
            ],
        )

    def _keep(self, wanted: dict[Place, bytes]) -> dict[Place, int]:
        """The vault's ids of the values, JSON each."""
        known = {place: vault_id for place in wanted if (vault_id := self._cache[place]) is not None}
        unknown = [place for place in wanted if place not in known]
        old = [place for place in unknown if place[0] not in self._newborn]
        known |= sql.find_vault(self._conn, old) if old else {}
        missing = [place for place in unknown if place not in known]
        for place, vault_id in zip(missing, sql.next_ids(self._conn, "vault_id", len(missing)), strict=True):
            known[place] = vault_id
            self._values.append(sql.VaultRow(vault_id, *place, wanted[place]))
        for place in unknown:
            self._cache[place] = known[place]
        return known
