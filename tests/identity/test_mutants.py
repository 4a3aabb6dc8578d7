"""The harness tells a right linker from a wrong one: each fault is caught, by a story and by search."""

import pytest
from harness import LOOSE, TIGHT, World, machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from incremental_double import IncrementalDouble
from mutants import MUTANTS, Mutant, tell

STEADY = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
SEARCH = settings(STEADY, phases=[Phase.generate], report_multiple_bugs=False, stateful_step_count=20)
SEARCHED = [mutant for mutant in MUTANTS if mutant.world]


def name(mutant: Mutant) -> str:
    return mutant.spoilt.__name__


@pytest.mark.parametrize("kinds", [TIGHT, LOOSE], ids=["tight", "loose"])
def test_a_right_linker_agrees_with_the_model(kinds):
    run_state_machine_as_test(
        machine(World(IncrementalDouble, kinds)), settings=settings(STEADY, max_examples=60, stateful_step_count=30)
    )


@pytest.mark.parametrize("mutant", SEARCHED, ids=name)
def test_a_right_linker_agrees_where_the_wrong_ones_are_sought(mutant):
    run_state_machine_as_test(
        machine(World(IncrementalDouble, **mutant.world)),
        settings=settings(STEADY, max_examples=60, stateful_step_count=20),
    )


@pytest.mark.parametrize("kinds", [TIGHT, LOOSE], ids=["tight", "loose"])
@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_the_story_is_true_of_a_right_linker(mutant, kinds):
    tell(mutant.story, IncrementalDouble(kinds), kinds)


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_and_false_of_the_wrong_one(mutant):
    with pytest.raises(AssertionError):
        tell(mutant.story, mutant.spoilt(TIGHT), TIGHT)


@pytest.mark.parametrize("mutant", SEARCHED, ids=name)
def test_search_finds_it_too(mutant):
    with pytest.raises((AssertionError, LookupError)):
        run_state_machine_as_test(
            machine(World(mutant.spoilt, **mutant.world)), settings=settings(SEARCH, max_examples=mutant.examples)
        )
