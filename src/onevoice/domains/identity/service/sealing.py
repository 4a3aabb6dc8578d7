"""Sealing: what was stored before its property was declared personal goes into the vault too.

Called by a job of `profiles`, a little at a time: it holds the linker's lock while it works. From the moment a
declaration holds, the linker takes care of what is new; so all that is to do lies before the last event of that moment.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection

from onevoice.domains.events.service.plan import Personal as Plan
from onevoice.domains.identity.contracts import SealedTrait, Sealing
from onevoice.domains.identity.rules import personal
from onevoice.domains.identity.rules.personal import REFERENCE, Declared
from onevoice.domains.identity.store import linking, reading
from onevoice.domains.identity.store import sealing as store
from onevoice.domains.identity.store.linking import VaultRow
from onevoice.kit.paths import Place, path_of, steps_of

WINDOW = 50_000
"""Events that are looked through at once,"""
AT_ONCE = 500
"""and so many of them that are changed."""

_encode = msgspec.json.Encoder().encode


@dataclass
class Sealed:
    """What one step came to. bases: the identifiers of the events that were changed. idle: there was nothing to do."""

    events: int = 0
    traits: list[SealedTrait] = field(default_factory=list)
    bases: set[int] = field(default_factory=set)
    idle: bool = False


def follow(conn: Connection, plan: Plan, at: datetime) -> None:
    """Begin with what has been declared since, and forget what is declared no longer: declared again, it is begun
    again.
    """
    wanted = {(*name, path_of(steps)) for name, found in plan.paths.items() for steps in found}
    have = {(each.type, each.name, each.path): each.id for each in store.sealings(conn)}
    gone = [have[key] for key in have.keys() - wanted]
    if gone:
        store.forget(conn, gone)
    new = sorted(wanted - have.keys())
    if new:
        store.begin(conn, new, linking.last_seq(conn), at)


def progress(conn: Connection) -> list[Sealing]:
    return store.sealings(conn)


def step(conn: Connection, vault_key: bytes, at: datetime) -> Sealed:
    """Seal some events of the oldest property that is not done. Takes the linker's lock for the rest of the
    transaction.
    """
    task = store.next_unfinished(conn)
    if task is None:
        return Sealed(idle=True)
    linking.lock_linker(conn)
    end = min(task.done_seq + WINDOW, task.upto_seq)
    rows = store.bodies(conn, (task.type, task.name), task.done_seq, end, AT_ONCE)
    done = rows[-1].seq if len(rows) == AT_ONCE else end
    sealed = _seal(conn, vault_key, task, rows)
    store.move(conn, task.id, done, sealed.events, at if done >= task.upto_seq else None)
    if sealed.traits:
        linking.note_moved(conn, store.pids_of(conn, sorted(sealed.bases)))
    return sealed


def _seal(conn: Connection, key: bytes, task: Sealing, rows: list[store.StoredBody]) -> Sealed:
    declared: Declared = {(task.type, task.name): [steps_of(task.path)]}
    found = [(row, places) for row in rows if (places := _places(task.type, row.body, declared[task.type, task.name]))]
    if not found:
        return Sealed()
    values = _opened(conn, found)
    wanted: dict[tuple[int, str, bytes], bytes] = {}
    at: list[tuple[Place, tuple[int, str, bytes]]] = []
    for row, places in found:
        for holder, name in places:
            encoded = _encode(personal.fill(holder[name], values))
            digest = hashlib.blake2b(encoded, key=key, digest_size=16).digest()
            wanted[row.nid, str(name), digest] = encoded
            at.append(((holder, name), (row.nid, str(name), digest)))
    ids = _vault(conn, wanted)
    for (holder, name), value in at:
        holder[name] = {REFERENCE: ids[value]}
    store.set_bodies(conn, [row for row, _ in found], [_encode(row.body) for row, _ in found])
    traits = [
        SealedTrait(row.hash, name, row.body["traits"][name])
        for row, _ in found
        if row.stands and task.type == "identify" and not task.path.startswith("properties.")
        for name in _trait_names(task.path, row.body["traits"])
    ]
    return Sealed(len(found), traits, {row.nid for row, _ in found})


def _trait_names(path: str, traits: Mapping[str, Any]) -> list[str]:
    """The traits that such a path leads into."""
    first = steps_of(path.removeprefix("context."))[1]
    return [name for name in traits if first in {"*", name}]


def _places(type_: str, body: dict[str, Any], wanted: list[tuple[str, ...]]) -> list[Place]:
    """Where the property stands in clear in a stored body, which holds traits where `observe` puts them."""
    traits = body.get("group", {}).get("traits") if type_ == "group" else body.get("traits")
    roots: list[tuple[tuple[str, ...], Any]] = [(("properties",), body.get("properties")), (("traits",), traits)]
    if type_ == "identify":
        roots.append((("context", "traits"), traits))
    found = personal.outermost(personal.find_declared(roots, wanted))
    return [(holder, key) for holder, key in found if not personal.is_reference(holder[key])]


def _opened(conn: Connection, found: list[tuple[store.StoredBody, list[Place]]]) -> Mapping[int, Any]:
    """Values that stand in the vault already, of what goes there now as a whole."""
    inner: set[int] = set()
    for _, places in found:
        for holder, key in places:
            inner |= personal.references(holder[key])
    return reading.vault_values(conn, sorted(inner)) if inner else {}


def _vault(conn: Connection, wanted: Mapping[tuple[int, str, bytes], bytes]) -> dict[tuple[int, str, bytes], int]:
    ids = linking.find_vault(conn, list(wanted))
    missing = [key for key in wanted if key not in ids]
    rows = [
        VaultRow(vault_id, *key, wanted[key])
        for vault_id, key in zip(linking.next_ids(conn, "vault_id", len(missing)), missing, strict=True)
    ]
    linking.insert_vault(conn, rows)
    return ids | {(row.nid, row.key, row.digest): row.id for row in rows}
