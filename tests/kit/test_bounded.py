"""The bounded mapping."""

from hypothesis import given
from hypothesis import strategies as st

from onevoice.kit.bounded import Bounded


class TestBounded:
    def test_what_it_does_not_hold_is_none(self) -> None:
        assert Bounded[str, int](10)["a"] is None

    @given(st.lists(st.integers(0, 30)), st.integers(1, 12))
    def test_it_never_holds_more_and_never_lies(self, keys: list[int], capacity: int) -> None:
        cache = Bounded[int, int](capacity)
        for number, key in enumerate(keys):
            assert cache[key] in {None, *(n for n, earlier in enumerate(keys[:number]) if earlier == key)}
            cache[key] = number
            assert cache[key] == number
            assert sum(cache[each] is not None for each in set(keys)) <= max(2, capacity + 1)

    def test_what_was_used_lately_stays(self) -> None:
        cache = Bounded[int, int](10)
        cache[0] = 1
        for number in range(1, 100):
            cache[number] = number
            assert cache[0] == 1

    def test_cleared_it_is_empty(self) -> None:
        cache = Bounded[int, int](4)
        for number in range(4):
            cache[number] = number
        cache.clear()
        assert [cache[number] for number in range(4)] == [None] * 4
