"""`onevoice import events`: a file with its progress, and what came of it."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Generator

from onevoice import bootstrap
from onevoice.cli.opening import installed_at, say
from onevoice.domains.imports.contracts import ImportReport


def import_events(options: argparse.Namespace) -> None:
    stop = threading.Event()

    def interrupted(_number: int, _frame: object) -> None:
        if stop.is_set():  # a second time: whoever asks does not want to wait for the end of the chunk
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, interrupted)
    with installed_at(options) as installed:
        shown = _Progress()
        report = bootstrap.import_events(
            installed,
            options.file,
            source=options.source,
            kind=options.format,
            encoding=options.encoding,
            columns=options.column,
            zone=options.zone,
            sheet=options.sheet,
            content=options.content,
            dry_run=options.dry_run,
            again=options.again,
            stop=stop,
            progress=shown.show,
        )
        shown.end()
    for line in _told(report, dry_run=options.dry_run):
        say(line)
    if not report.finished:
        sys.exit(130)


class _Progress:
    """One line that changes on a terminal; elsewhere a line every five seconds."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._live = sys.stderr.isatty()

    def show(self, report: ImportReport) -> None:
        now = time.monotonic()
        if now - self._last < (0.2 if self._live else 5.0):
            return
        self._last = now
        rate = report.records / (now - self._began)
        text = f"{report.share:4.0%}  {report.before + report.records:,} records, {rate:,.0f} a second"
        print(f"\r{text}\033[K" if self._live else text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _told(report: ImportReport, *, dry_run: bool) -> Generator[str]:
    if report.before and not report.records and report.finished:
        yield f"This file was imported before, {report.before:,} records. To read it once more: --again"
        return
    if report.before:
        yield f"{report.before:,} records had been read before."
    would = "would be " if dry_run else ""
    yield f"{report.records:,} records read: {report.taken:,} {would}taken, {report.refused:,} {would}laid aside."
    if report.repeated:
        yield f"{report.repeated:,} say the same as an earlier one and are taken once."
    if report.first_at and report.last_at:
        yield f"They happened from {report.first_at:%Y-%m-%d %H:%M} to {report.last_at:%Y-%m-%d %H:%M} UTC."
    if report.undated:
        yield f"{report.undated:,} say no time and {'would happen' if dry_run else 'happened'} as they are taken."
    if report.names:
        yield "Most are: " + ", ".join(f"{name} {n:,}" for name, n in report.names.most_common(8))
    if report.codes:
        yield "Laid aside: " + ", ".join(f"{code} {n:,}" for code, n in report.codes.most_common())
        yield from (f"  {reason}" for reason in report.reasons)
    if dry_run and report.example:
        yield "The first event:"
        yield json.dumps(report.example, ensure_ascii=False, indent=1, default=str)
    if not report.finished:
        yield "Stopped." if dry_run else "Stopped. The same command goes on from here."
