"""Another limit of a kind on many customers: how fast it is looked at, how fast it is applied, and how long the linker
waits for one step of it. Beside the bare update of as many nodes.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from bench import linking
from bench.machine import cluster, percentile, spread
from onevoice import bootstrap
from onevoice.domains.events.contracts import Frame
from onevoice.domains.identity.service import limits
from onevoice.kit import runtime

EMAILS = 3
PER_FRAME = 300


def frames(customers: int) -> Iterator[Frame]:
    """Each customer is told with three addresses of theirs."""
    now = datetime.now(UTC)
    events = [
        {
            "type": "identify",
            "userId": f"c{customer}",
            "messageId": f"{customer}-{number}",
            "timestamp": now.isoformat(),
            "traits": {"email": f"{number}.{customer}@shop.example", "first_name": "Anna"},
        }
        for customer in range(customers)
        for number in range(EMAILS)
    ]
    for first in range(0, len(events), PER_FRAME):
        some = events[first : first + PER_FRAME]
        yield Frame(1, now, None, len(some), msgspec.json.encode(some))


def run(customers: int) -> dict[str, object]:
    """A limit of one address parts each customer into three; the limit of before joins them again."""
    with cluster() as found:
        installed = linking.install(found.url)
        runtime.for_batches()
        with bootstrap.linking_steps(installed) as step:
            linking.append(installed, list(frames(customers)))
            linking.work_off(step)
        database = installed.database

        def change(per_profile: int) -> tuple[float, list[float]]:
            """Seconds of the look, and of each step of its application."""
            began = time.perf_counter()
            with database.transaction() as conn:
                asked = limits.ask(conn, "email", per_profile, per_profile, actor="bench", now=installed.clock.now())
            work()
            looked = time.perf_counter() - began
            with database.transaction() as conn:
                told = limits.find(conn, asked.id)
                assert (told.state, told.before + told.after) == ("looked", customers * (1 + EMAILS)), told
                limits.apply(conn, asked.id, actor="bench", now=installed.clock.now())
            return looked, work()

        def work() -> list[float]:
            steps: list[float] = []
            while True:
                began = time.perf_counter()
                with database.transaction() as conn:
                    worked = limits.step(conn, installed.clock.now())
                if not worked:
                    return steps
                steps.append(time.perf_counter() - began)

        def bare() -> float:
            """Seconds to write every node of an address anew."""
            began = time.perf_counter()
            with database.transaction() as conn:
                changed = conn.execute(
                    "update identity.node n set pid = nid from identity.kind k where k.id = n.kind and k.name = 'email'"
                ).rowcount
                conn.rollback()
            assert changed == customers * EMAILS
            return time.perf_counter() - began

        limit = customers / bare()
        parted_look, parted = change(1)
        joined_look, joined = change(5)
        database.close()
    steps = [1000 * each for each in parted + joined]
    return {
        "customers": customers,
        "looked": spread([customers / parted_look, customers / joined_look]),
        "applied": spread([customers / sum(parted), customers / sum(joined)]),
        "limit": limit,
        "ratio": customers / sum(parted) / limit,
        "step_p95_ms": percentile(steps, 0.95),
        "step_max_ms": max(steps),
    }
