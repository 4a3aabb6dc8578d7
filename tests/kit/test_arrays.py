"""Array literals against PostgreSQL, which reads them back."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onevoice.kit import arrays
from onevoice.kit.db import Database

NO_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quickly
@given(values=st.lists(NO_NUL | st.sampled_from(["NULL", "", "{}", '"', "\\", "\\\\", ",", '\\"'])))
def test_texts(database: Database, values: list[str]) -> None:
    with database.transaction() as conn:
        assert conn.execute("select %s::text[]", (arrays.texts(values),)).fetchone() == (values,)


@quickly
@given(
    values=st.lists(
        st.recursive(NO_NUL | st.integers(-9, 9), lambda each: st.lists(each) | st.dictionaries(NO_NUL, each))
    )
)
def test_texts_of_json(database: Database, values: list[object]) -> None:
    with database.transaction() as conn:
        written = arrays.texts(msgspec.json.encode(value).decode() for value in values)
        assert conn.execute("select %s::jsonb[]", (written,)).fetchone() == (values,)


def test_spans(database: Database) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    pairs = [(first, first), (first, first + timedelta(microseconds=1))]
    with database.transaction() as conn:
        read = conn.execute("select %s::timestamptz[], %s::timestamptz[]", arrays.spans(pairs)).fetchone()
    assert read == ([pair[0] for pair in pairs], [pair[1] for pair in pairs])
