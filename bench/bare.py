"""The limit: what the same machine does when it only stores."""

import time
from collections.abc import Sequence

import msgspec
import psycopg

ROWS_PER_COMMIT = 5_000


class _Body(msgspec.Struct):
    batch: list[msgspec.Raw]


_body = msgspec.json.Decoder(_Body)


def events_of(body: bytes) -> list[msgspec.Raw]:
    """The events of a batch request, as they stand in it."""
    return _body.decode(body).batch


def copy_rate(url: str, events: Sequence[bytes]) -> float:
    """Events a second by COPY alone: one connection, 5,000 rows a commit, the event as jsonb."""
    with psycopg.connect(url) as conn:
        conn.execute("drop table if exists bare")
        conn.execute("create table bare (received_at timestamptz, body jsonb)")
        conn.commit()
        texts = [event.decode().replace("\\", "\\\\") for event in events]
        began = time.perf_counter()
        for start in range(0, len(texts), ROWS_PER_COMMIT):
            with conn.cursor() as cursor, cursor.copy("copy bare from stdin") as copy:
                copy.write(
                    "".join(f"2026-11-22 12:00:00+00\t{text}\n" for text in texts[start : start + ROWS_PER_COMMIT])
                )
            conn.commit()
        took = time.perf_counter() - began
        row = conn.execute("select count(*) from bare").fetchone()
        assert row == (len(events),)
        conn.execute("drop table bare")
    return len(events) / took


def decode_dedupe_copy_rate(url: str, events: Sequence[bytes]) -> float:
    """The same with decoding each event and dropping repeats by a table with a key, as any linker must."""
    decode = msgspec.json.Decoder().decode
    with psycopg.connect(url) as conn:
        conn.execute("drop table if exists bare, bare_seen")
        conn.execute("create table bare (received_at timestamptz, body jsonb)")
        conn.execute("create table bare_seen (id text primary key)")
        conn.commit()
        began = time.perf_counter()
        for start in range(0, len(events), ROWS_PER_COMMIT):
            batch = events[start : start + ROWS_PER_COMMIT]
            ids = [decode(event)["messageId"] for event in batch]
            rows = conn.execute(
                "insert into bare_seen select unnest(%s::text[]) on conflict do nothing returning id", (ids,)
            ).fetchall()
            new = {row[0] for row in rows}
            with conn.cursor() as cursor, cursor.copy("copy bare from stdin") as copy:
                copy.write(
                    "".join(
                        "2026-11-22 12:00:00+00\t" + event.decode().replace("\\", "\\\\") + "\n"
                        for event, found in zip(batch, ids, strict=True)
                        if found in new
                    )
                )
            conn.commit()
        took = time.perf_counter() - began
        conn.execute("drop table bare, bare_seen")
    return len(events) / took
