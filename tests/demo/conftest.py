"""The plan is made once: its parts are read only."""

import pytest
from demo_shapes import START

from onevoice.demo.load import DemoPlan, plan
from onevoice.demo.wire import Chunk


@pytest.fixture(scope="session")
def demo() -> DemoPlan:
    return plan(7, START)


@pytest.fixture(scope="session")
def stage1(demo: DemoPlan) -> list[Chunk]:
    return list(demo.stage1())
