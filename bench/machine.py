"""The machine, and a PostgreSQL of its own for a measurement, with durability asserted on."""

import contextlib
import platform
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import psycopg

from onevoice.kit.db import upgrade
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster


def describe() -> str:
    """What the figures were measured on, without naming the machine."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = psutil.virtual_memory().total / 2**30
    system = f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"{psutil.cpu_count()} cores ({model}), {memory:.0f} GiB, {system}"


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="ov-bench-"))
    found = Cluster(Home(folder / "home"))
    try:
        with found.lock() as mine:
            assert mine
            found.prepare()
            found.start()
            upgrade(found.url)
            assert_durable(found.url)
            yield found
            found.stop()
    finally:
        shutil.rmtree(found.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def assert_durable(url: str) -> None:
    with psycopg.connect(url) as conn:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = conn.execute("select current_setting(%s)", (name,)).fetchone()
            assert row == ("on",), f"{name} is off: the figures would mean nothing"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def private_mb(pid: int) -> float:
    """Memory that is the process's own, in MB: shared buffers are counted with nobody."""
    return psutil.Process(pid).memory_full_info().uss / 2**20
