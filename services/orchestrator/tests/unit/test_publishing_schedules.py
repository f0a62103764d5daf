"""What is due at an instant of a customer's own, over publications and pauses: once, at its time, and never made up for."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from common.contracts.configuration import Transition
from services.orchestrator.tests.living import MINUTE, Life, configuration, playbook

HOUR = timedelta(hours=1)
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"


def test_a_schedule_that_is_due_during_a_pause_is_not_made_up_for() -> None:
    silent = playbook(
        "greeting",
        "purpose: marketing\ntrigger: {inactive: 2h}\nentry: {again: always}\nsteps:\n" + SAY,
    )
    life = Life(configuration(silent))
    life.does("Page Viewed")
    life.publishes(configuration(silent, paused=("greeting",)))
    life.waits(24 * HOUR)
    life.publishes(configuration(silent))
    life.is_woken()
    life.waits(24 * HOUR)

    assert life.entered == []


def test_the_entrance_by_a_schedule_runs_once_over_publications() -> None:
    """The trap: what is due at an instant is due once, whatever is published before, at and after it."""
    text = (
        "purpose: marketing\ntrigger: {inactive: 2h}\nentry: {again: always}\nsteps:\n"
        "  - wait: {for: 1h}\n" + SAY
    )
    versions = [playbook("greeting", text + SAY * n) for n in range(4)]
    life = Life(configuration(versions[0]))
    life.does("Page Viewed")
    for before, after in pairwise(versions):
        life.waits(119 * MINUTE if before is versions[0] else 2 * MINUTE)
        chosen = Transition(playbook="greeting", to=after.hash, under_way="migrate", at=life.now)
        life.publishes(configuration(after, older=versions, transitions=(chosen,)))
        life.is_woken()
    life.waits(24 * HOUR)

    assert len(life.entered) == 1
    assert len(life.exits) == 1
