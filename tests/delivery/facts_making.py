"""Facts of any kind, for the properties of the gate."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from onevoice.domains.delivery.rules.facts import Budget, Candidate, Cap, Contact, Facts, Policy

START = datetime(2026, 3, 27, tzinfo=UTC)  # two days before the clocks of Europe change
ZONES = ("Europe/Warsaw", "Europe/Moscow", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
CHANNELS = ("email", "telegram", "sms", "whatsapp")

moments = st.integers(-40 * 24 * 60, 10 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
near = st.integers(0, 5 * 24 * 3600 * 10).map(lambda tenths: START + timedelta(seconds=tenths / 10))
day_hours = st.tuples(st.integers(0, 1439), st.integers(0, 1439))


def maybe(strategy):
    return st.none() | strategy


def candidates(channel):
    return st.builds(
        Candidate,
        channel=st.just(channel),
        account=maybe(st.integers(1, 3)),
        node=maybe(st.integers(1, 9)),
        consent=st.sampled_from(["granted", "granted", "granted", "requested", "withdrawn", "none"]),
        consent_entry=maybe(st.integers(1, 99)),
        consent_since=maybe(moments),
        suppressed=st.sampled_from([None, None, None, "hard_bounce", "complaint", "blocked", "manual"]),
        suppressed_since=maybe(moments),
        reach=st.sampled_from(["open", "open", "shut", "unknown"]),
        needs_contact=st.booleans(),
        window_hours=st.sampled_from([None, None, 24]),
        last_heard=maybe(moments),
        cost_minor=st.integers(0, 20),
    )


facts = st.builds(
    Facts,
    at=near,
    message_class=st.sampled_from(["marketing", "marketing", "transactional", "conversational", "test"]),
    purpose=st.sampled_from(["promotions", "orders"]),
    priority=st.sampled_from(["low", "normal", "high"]),
    zone=st.sampled_from(ZONES),
    candidates=st.lists(st.sampled_from(CHANNELS), max_size=4, unique=True).flatmap(
        lambda names: st.tuples(*(candidates(name) for name in names))
    ),
    pause_until=maybe(near),
    per_week=st.sampled_from([None, None, 0, 1, 3]),
    hours=maybe(day_hours),
    order=st.lists(st.sampled_from(CHANNELS), max_size=3, unique=True).map(tuple),
    contacts=st.lists(st.builds(Contact, at=moments, channel=st.sampled_from(CHANNELS)), max_size=12).map(
        lambda found: tuple(sorted(found, key=lambda each: each.at))
    ),
    heard_at=maybe(moments),
    same_content_at=maybe(moments),
    killed=st.sampled_from([(), (), ("all",), ("channel:email",), ("class:marketing", "account:2")]),
    month_minor=st.integers(0, 120),
)

policies = st.builds(
    Policy,
    hours=st.sampled_from([(9 * 60, 21 * 60), (22 * 60, 6 * 60), (0, 0), (150, 170)]),
    caps=st.lists(
        st.builds(Cap, count=st.integers(0, 3), hours=st.sampled_from([24, 168]), channel=maybe(st.just("sms"))),
        max_size=2,
    ).map(tuple),
    budget=maybe(
        st.builds(
            Budget,
            limit=st.integers(1, 6),
            hours=st.just(168),
            points=st.just({"sms": 2}),
            reserve=st.just({"low": 2, "normal": 1}),
        )
    ),
    duplicate_hours=st.sampled_from([0, 168]),
    order=st.just(CHANNELS),
    most_minor=st.sampled_from([{}, {"marketing": 10}]),
    month_minor=st.sampled_from([None, 100]),
)
