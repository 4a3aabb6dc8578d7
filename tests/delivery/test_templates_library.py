"""What python-liquid does not do, and is therefore done here: adr/0015. Whatever fails here can be deleted there."""

import time
import tracemalloc

import pytest
from liquid import Environment
from liquid.exceptions import LoopIterationLimitError

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.lexing import pieces
from onevoice.domains.delivery.rules.values import Source


class _Limited(Environment):
    loop_iteration_limit = 10
    output_stream_limit = 1_000
    local_namespace_limit = 1_000


def said(text: str, environment: Environment | None = None, **values: object) -> str:
    return (environment or _Limited()).from_string(text).render(**values)


class TestLimits:
    def test_loops_one_after_another_are_not_counted_together(self) -> None:
        assert said("{% for i in (1..9) %}{% endfor %}" * 100) == ""

    def test_what_is_done_in_a_turn_is_not_counted(self) -> None:
        assert said("{% for i in (1..9) %}" + "{% if true %}{% endif %}" * 1_000 + "{% endfor %}") == ""

    def test_a_range_turned_round_becomes_a_list_before_the_limit_is_looked_at(self) -> None:
        tracemalloc.start()
        with pytest.raises(LoopIterationLimitError):
            said("{% for i in (1..1000000) reversed %}{% endfor %}")
        assert tracemalloc.get_traced_memory()[1] > 8_000_000
        tracemalloc.stop()

    def test_filters_have_no_limit(self) -> None:
        assert said("{{ x | replace: 'a', x | size }}", x="a" * 3_000) == "9000000"

    def test_its_lexer_takes_quadratic_time_where_ours_does_not(self) -> None:
        text = "{{" * 1_500
        began = time.process_time()
        with pytest.raises(Exception, match="expected"):
            said(text)
        theirs, began = time.process_time() - began, time.process_time()
        with pytest.raises(TemplateError):
            pieces(Source(text, "text"))
        assert time.process_time() - began < theirs / 10


class TestWhatIsSaid:
    def test_what_a_template_says_itself_is_not_escaped(self) -> None:
        assert said("{{ x | append: '<b>' }}{{ '<script>' }}", Environment(autoescape=True), x="<") == "&lt;<b><script>"

    def test_what_is_missing_is_not_blank(self) -> None:
        assert said("{% if nobody != blank %}Dear {{ nobody }}{% endif %}{% if x != '' %}{{ x }}{% endif %}") == "Dear "

    def test_what_is_no_number_is_nought(self) -> None:
        assert said("{{ 'a lot' | times: 2 }}") == "0"

    def test_lists_are_written_as_python_writes_them(self) -> None:
        assert said("{{ x | upcase }}", x=[{"a": 1}]) == "[{'A': 1}]"

    def test_the_clock_of_the_machine_is_a_variable(self) -> None:
        assert len(said("{{ now }}")) > 10

    def test_break_out_of_nothing_is_found_only_when_it_renders(self) -> None:
        assert _Limited().from_string("{% break %}") is not None
