"""Tokens: whatever is changed is none, and one use says nothing to another."""

from hypothesis import given
from hypothesis import strategies as st

from onevoice.kit import tokens
from onevoice.kit.chance import SeededChance

KEY = tokens.key_of(b"k" * 32, "one")


class TestTokens:
    @given(st.integers(0, 2**56 - 1))
    def test_hold_their_number(self, number: int) -> None:
        assert tokens.number_of(tokens.make(number, KEY), KEY) == number

    @given(st.integers(0, 2**56 - 1))
    def test_of_one_use_are_none_of_another(self, number: int) -> None:
        assert tokens.number_of(tokens.make(number, KEY), tokens.key_of(b"k" * 32, "two")) is None

    @given(st.text(max_size=25))
    def test_anything_else_is_none(self, odd: str) -> None:
        assert tokens.number_of(odd, KEY) is None

    def test_are_drawn_by_chance(self) -> None:
        chance = SeededChance(1)
        assert len({tokens.draw(chance) for _ in range(100)}) == 100
