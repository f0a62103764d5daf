"""A simulation that finds nothing proves nothing: every bug put into the protocol is found within its budget."""

from __future__ import annotations

import pytest

from tests.simulation.campaign import played, prepared
from tests.simulation.test_schedules import SCHEDULES
from tests.simulation.variants import VARIANTS


@pytest.mark.parametrize("bug", VARIANTS)
def test_a_bug_in_the_protocol_is_found(bug: str) -> None:
    with prepared():
        for number, world in enumerate(played(range(SCHEDULES), VARIANTS[bug]), 1):
            if world.broken:
                print(f"{bug}: schedule {number}, {world.broken[0]}")  # noqa: T201 - shown with -rP
                return

    pytest.fail(f"{bug}: not found in {SCHEDULES} schedules")
