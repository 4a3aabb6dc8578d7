"""Whether something that used to come has stopped coming. Pure: counts by the hour in, a judgement out.

How, and why so: docs/adr/0012-how-silence-is-judged.md. In short: what was to be expected, by the same hours of the
weeks before, is compared with the nothing that came. Quasi-Poisson, as in C. P. Farrington, N. J. Andrews, A. D. Beale
and M. A. Catchpole, "A statistical algorithm for the early detection of outbreaks of infectious disease", Journal of
the Royal Statistical Society A 159 (1996), 547-563, turned from outbreaks to their absence.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import log, sqrt
from statistics import median_low
from typing import NamedTuple

HOUR = timedelta(hours=1)
WEEK_HOURS = 168
WEEKS = 4
LEAST_WEEKS = 2
LEAST_EVENTS = 20
FALSE_ALARMS_A_YEAR = 0.01
"""So many are accepted of one steady flow."""
MARGIN_HOURS = 1
"""At either end of a silence so many whole hours do not count: a shop opens late, and clocks are changed."""
SPIKE = 3
"""A week with so many times the usual is no measure: a file was imported."""
CAUTION = 1.645
"""The expectation is taken at the lower end of its own 90 % interval."""
WEEKS_A_YEAR = 365.25 / 7


class Judgement(NamedTuple):
    """missed: so many events were to come and did not. expected: the same in independent arrivals, of which `needed`
    make a silence.
    """

    missed: float
    expected: float
    needed: float

    @property
    def silent(self) -> bool:
        return self.expected >= self.needed


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def judge(
    counts: Mapping[datetime, int],
    first_at: datetime,
    last_at: datetime,
    now: datetime,
    *,
    watched_since: datetime | None = None,
) -> Judgement | None:
    """None where too little is known to tell. counts: events by the hour they came in, hours without any left out.

    watched_since: what was missed before that is not held against anybody.
    """
    end = hour_of(last_at)
    weeks = _weeks(counts, first_at, end)
    if len(weeks) < LEAST_WEEKS:
        return None
    usual = median_low([sum(week) for week in weeks])
    kept = [week for week in weeks if sum(week) <= SPIKE * usual]
    total = sum(map(sum, kept))
    if len(kept) < LEAST_WEEKS or total < LEAST_EVENTS:
        return None
    profile = [sum(slot) / len(kept) for slot in zip(*kept, strict=True)]
    spread = max(1.0, _dispersion(kept, 1), _dispersion(kept, 24))
    # The latest week bounds the level: what fades is not expected to be what it was.
    level = min(1.0, sum(weeks[0]) * len(kept) / total)
    level *= max(0.0, 1 - CAUTION * sqrt(spread / total))
    begin = max(last_at, watched_since) if watched_since is not None else last_at
    missed = level * _expected(profile, end, begin, now)
    arrivals_a_year = max(1.0, total / len(kept) * WEEKS_A_YEAR / spread)
    return Judgement(missed, missed / spread, log(arrivals_a_year / FALSE_ALARMS_A_YEAR))


def _weeks(counts: Mapping[datetime, int], first_at: datetime, end: datetime) -> list[list[int]]:
    """The whole weeks before `end` in which it was known, the latest first: 168 counts each."""
    weeks: list[list[int]] = []
    for back in range(1, WEEKS + 1):
        start = end - back * WEEK_HOURS * HOUR
        if start < hour_of(first_at):
            break
        weeks.append([counts.get(start + n * HOUR, 0) for n in range(WEEK_HOURS)])
    return weeks


def _dispersion(weeks: Sequence[Sequence[int]], width: int) -> float:
    """Pearson's: by how much counts of `width` hours vary more than Poisson's would. 1 where they do not."""
    total, slots = 0.0, 0
    for at in range(0, WEEK_HOURS, width):
        seen = [sum(week[at : at + width]) for week in weeks]
        mean = sum(seen) / len(seen)
        if mean:
            slots += 1
            total += sum((each - mean) ** 2 for each in seen) / mean
    return total / (slots * (len(weeks) - 1)) if slots else 1.0


def _expected(profile: Sequence[float], end: datetime, begin: datetime, now: datetime) -> float:
    """Over the whole hours from `begin` to `now`, without the margins. The profile begins with the hour `end`, a week
    on.
    """
    first, after = (int((hour_of(moment) - end) / HOUR) for moment in (begin, now))
    return sum(profile[n % WEEK_HOURS] for n in range(first + 1 + MARGIN_HOURS, after - MARGIN_HOURS))
