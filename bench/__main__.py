"""`make bench`: measure, and write docs/benchmarks.md. `--quick` is for trying the benches themselves."""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from bench import chat, dedupe, desk, intake, letters, limits, linking, outbox, people, templates, webhooks
from bench.machine import describe

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results.json"
PARTS = (
    "intake", "linking", "dedupe", "people", "limits", "webhooks", "templates", "outbox", "letters", "desk", "chat",
)  # fmt: skip
QUICK = {"dedupe": "A quick run, with 1 million ids. "}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--events", type=int, default=1_000_000, help="stored beside, for `people`")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work or less; the page says so")
    options = parser.parse_args()
    quick = options.quick
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in options.parts or PARTS:
        print(f"==> {part}", flush=True)
        if part == "intake":
            found = intake.run(rounds=2 if quick else 7)
        elif part == "linking":
            found = linking.run(*((200_000, 20_000) if quick else (2_000_000, 200_000)))
        elif part == "dedupe":
            found = dedupe.run(*((1_000_000, 10, 4, 10_000, 2_000) if quick else (50_000_000, 40, 20, 20_000, 20_000)))
        elif part == "limits":
            found = limits.run(20_000 if quick else 200_000)
        elif part == "webhooks":
            found = webhooks.run(*((2, 1_000) if quick else (5, 10_000)))
        elif part == "templates":
            found = templates.run(*((5, 100) if quick else (15, 400)))
        elif part == "letters":
            found = letters.run(*((2, 500) if quick else (5, 3_000)))
        elif part == "outbox":
            found = outbox.run(*((2, 5_000) if quick else (5, 20_000)))
        elif part == "desk":
            found = desk.run(*((2_000, 20_000, 2_000, 10) if quick else (100_000, 1_100_000, 100_000, 60)))
        elif part == "chat":
            found = chat.run(*((100, 10, 10.0, 10.0) if quick else (500, 50, 30.0, 60.0)))
        elif quick:
            found = people.run(10, 10_000, 100, 100_000, 5)
        else:
            found = people.run(100, 100_000, 1_000, options.events, 20)
        found |= {
            "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
            "quick": quick,
            "machine": f"{describe()}, load average {os.getloadavg()[0]:.0f}",
        }
        kept[part] = found
        RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        print(json.dumps(found, indent=1), flush=True)
    (ROOT / "docs" / "benchmarks.md").write_text(page(kept))


def page(kept: dict[str, dict[str, object]]) -> str:
    """docs/benchmarks.md from what was measured; what was not measured is said to be missing."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Each figure stands beside its limit, measured in the same run, in turns.",
        "fsync, synchronous_commit and full_page_writes are asserted on; rows are reconciled with acknowledgements,",
        "each event once; events are distinct and at least 0.9 KB. All share the machine.",
        "",
    ]
    for part, title, rows in (
        (
            "intake",
            "Durable intake, batches of 100 over HTTP, the linker working beside it",
            [
                ("events a second, median (range)", "ours"),
                ("bare COPY in the same run", "limit"),
                ("ours / bare", "ratio"),
                ("linker meanwhile, events a second", "linker"),
                ("p99 at half of that load, ms", "half_p99_ms"),
                ("events acknowledged and found stored, each once", "acknowledged"),
            ],
        ),
        (
            "linking",
            "Through linking to a readable profile: evidence, epochs, vault, folds",
            [
                ("events", "events"),
                ("people (Pareto activity, 5% of them merging)", "people"),
                ("events a second, median (range)", "ours"),
                ("bare decode + dedupe + COPY in the same run", "limit"),
                ("ours / bare", "ratio"),
                ("linker's own memory at a quarter, MB", "memory_quarter_mb"),
                ("and at the end, MB", "memory_end_mb"),
                ("growth", "memory_growth"),
            ],
        ),
        (
            "dedupe",
            "Dropping repeats with many ids remembered, beside an empty table in the same run",
            [
                ("ids in the large table", "ids"),
                ("its size, MB", "table_mb"),
                ("and its keys', MB", "index_mb"),
                ("events a second through linking, small table, median (range)", "linked_small"),
                ("large table", "linked_large"),
                ("large / small (asked for: 0.7)", "linked_ratio"),
                ("fresh ids a second in batches of 5,000, committed, empty table", "fresh_small"),
                ("large table", "fresh_large"),
                ("large / empty", "fresh_ratio"),
                ("the same with 1% repeats, empty table", "repeating_small"),
                ("large table", "repeating_large"),
                ("large / empty", "repeating_ratio"),
            ],
        ),
        (
            "people",
            "Reading and operating, over HTTP",
            [
                ("events stored", "stored"),
                ("events of each of the two large profiles", "heavy_events"),
                ("identifiers of both together", "identifiers"),
                ("merge, p95 ms", "merge_p95_ms"),
                ("undo, p95 ms", "undo_p95_ms"),
                ("split, p95 ms", "split_p95_ms"),
                ("merge beyond a limit, half of the identifiers tied one by one, p95 ms", "merge_over_p95_ms"),
                ("undo of it, p95 ms", "undo_over_p95_ms"),
                ("profile page, p95 ms", "page_p95_ms"),
                ("its events, p95 ms", "events_p95_ms"),
                ("page of a large profile, p95 ms", "heavy page_p95_ms"),
                ("sent until readable in the profile at 1,000 events/s, p95 ms", "readable_p95_ms"),
            ],
        ),
        (
            "limits",
            "Another limit of e-mail addresses, which parts every customer, and back again",
            [
                ("customers, of three addresses each", "customers"),
                ("looked at, customers a second, median (range)", "looked"),
                ("applied, customers a second, median (range)", "applied"),
                ("bare update of their addresses' rows in the same run", "limit"),
                ("applied / bare", "ratio"),
                ("one step of it, for which the linker waits, p95 ms", "step_p95_ms"),
                ("the longest, ms", "step_max_ms"),
            ],
        ),
        (
            "webhooks",
            "Webhooks in, one event each, over HTTP, the linker working beside it",
            [
                ("deliveries, of 1 KB", "deliveries"),
                ("signed, mapped and on disk, a second, median (range)", "ours"),
                ("bare insert and commit on as many connections in the same run", "limit"),
                ("ours / bare", "ratio"),
                ("answer, p95 ms", "p95_ms"),
            ],
        ),
        (
            "templates",
            "Rendering one message, beside an engine without a sandbox on the same text",
            [
                ("e-mail's HTML, bytes; with subject, text and ten variables", "email_html_bytes"),
                ("the e-mail, ms", "email"),
                ("with its links rewritten, ms", "email_links"),
                ("Jinja, its HTML alone, ms", "email_jinja"),
                ("a messenger's text with a link, twice: HTML and plain, ms", "messenger"),
                ("Jinja, the HTML alone, ms", "messenger_jinja"),
                ("a line of text, ms", "line"),
                ("Jinja, ms", "line_jinja"),
                ("the e-mail from its blocks to a program, once for a version, ms", "compile"),
            ],
        ),
        (
            "outbox",
            "Messages out, of a template with the customer's own values, judged twice, to a provider that only counts",
            [
                ("messages", "messages"),
                ("asked for and sent at once, a second, median (range)", "ours"),
                ("asked for meanwhile, a second", "asked"),
                ("sent by one sender where they wait already, a second", "sent"),
                ("an outbox without gate, records, template and sharing in the same run", "limit"),
                ("ours / bare", "ratio"),
                ("records of decisions, all derived again afterwards", "records"),
                ("bytes of one", "record_bytes"),
            ],
        ),
        (
            "letters",
            "E-mail out: each letter made, signed (DKIM, RSA of 2,048 bits) and sent to a server that takes everything",
            [
                ("letters", "letters"),
                ("bytes of one", "letter_bytes"),
                ("connections", "connections"),
                ("by the adaptor, a second, median (range)", "ours"),
                ("aiosmtplib alone with a letter made before, in the same run", "limit"),
                ("ours / alone", "ratio"),
                ("making and signing one, ms of processor time", "made_ms"),
            ],
        ),
        (
            "desk",
            "The desk: what was said, as the service gives it",
            [
                ("messages", "said"),
                ("customers", "people"),
                ("messages of one of them", "long"),
                ("followed from the log, messages a second, with episodes and words of the search", "followed"),
                ("episodes that came of it", "episodes"),
                ("of them open", "open"),
                ("first page of the inbox, p95 ms", "inbox_p95_ms"),
                ("the longest wait first, p95 ms", "waiting_p95_ms"),
                ("counts of all views, p95 ms", "counts_p95_ms"),
                ("newest page of the long thread, p95 ms", "thread_p95_ms"),
                ("a page in the middle of it, p95 ms", "deep thread_p95_ms"),
                ("search, all kinds of words, p95 ms", "search_p95_ms"),
                ("a rare word", "search rare_p95_ms"),
                ("a frequent word", "search frequent_p95_ms"),
                ("a frequent and a rare one", "search two words_p95_ms"),
                ("three frequent ones", "search three frequent_p95_ms"),
                ("half of a frequent one", "search half typed_p95_ms"),
                ("words that never stand together", "search not there_p95_ms"),
                ("all kinds as PostgreSQL plans the query by itself, in the same run, p95 ms", "bare search_p95_ms"),
                ("of these a rare word", "bare rare_p95_ms"),
            ],
        ),
        (
            "chat",
            "The site's chat: from one side's send to before the other's eyes, through a real server",
            [
                ("visitors connected", "visitors"),
                ("desks connected, each with one conversation open", "operators"),
                ("words a second, half of them theirs", "rate"),
                ("words", "words"),
                ("seen on the other side", "seen"),
                ("refused", "refused"),
                ("to the desk, on its socket, p50 ms", "to_desk_p50_ms"),
                ("p95 ms (asked for: 200)", "to_desk_p95_ms"),
                ("to the visitor, from when it cannot be taken back, p50 ms", "to_visitor_p50_ms"),
                ("p95 ms (asked for: 200)", "to_visitor_p95_ms"),
                ("a request that does nothing, in the same run, p95 ms", "bare_p95_ms"),
                ("asked over HTTP by all desks, for each word", "asked_per_word"),
                ("told to all desks, for each word, KB", "told_kb_per_word"),
                ("processor for each word, ms; `load` is what makes it", "processor_ms_per_word"),
                ("memory at the end, MB", "memory_end_mb"),
                ("the end by a quarter, whichever process grew most (asked for: 1.1)", "memory_growth"),
            ],
        ),
    ):
        found = kept.get(part)
        lines += [f"## {title}", ""]
        if found is None:
            lines += ["Not measured yet.", ""]
            continue
        size = QUICK.get(part, "A quick run, a tenth of the full work. ") if found["quick"] else ""
        lines += [f"{size}{found['at']} UTC, {found['machine']}.", "", "| what | figure |", "|---|---|"]
        lines += [f"| {name} | {_shown(found.get(key))} |" for name, key in rows]
        lines.append("")
    lines += ["Search among a million people is measured by `python bench/search.py`; see adr/0003.", ""]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2g}" if value < 1 else f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
