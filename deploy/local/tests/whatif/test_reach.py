"""Where the log does not reach back to where states begin, nothing is told: it could not be true."""

from __future__ import annotations

import pytest

from common.contracts.runtime import BatchJournaled, Run
from common.errors import PermanentError
from common.ids import derive
from common.streaming.ports import Outgoing, Place
from common.streaming.wire import own_event
from common.testing.log import FakeLog
from cuestream.whatif.folding import JOURNAL, fold
from cuestream.whatif.handing import Handovers
from cuestream.whatif.question import Question
from cuestream.whatif.reach import reaches_back_to, refusal
from deploy.local.tests.whatif.worlds import NOON

ASKED = Question("shop", "cart")


def journal(log: FakeLog, number: int, *runs: Run) -> None:
    batch = BatchJournaled(
        loop="orchestrator.consume",
        partition=0,
        batch=number,
        epoch=1,
        virtual_time=None,
        runs=runs,
        timers=(),
        releases={},
        live_since=NOON,
    )
    value = own_event(
        "orchestrator.consume", batch, identity=derive("batch", number), subject="0", at=NOON
    )
    headers = {"origin": b"orchestrator.consume/0/life"}
    log.append(Place(JOURNAL, 0), Outgoing(b"0", value, headers))


async def reason(log: FakeLog) -> str:
    with pytest.raises(PermanentError) as refused:
        await fold(log, ASKED, range(log.partitions), Handovers({}, {}))
    return refused.value.reason


async def test_a_journal_that_was_trimmed_is_no_past() -> None:
    log = FakeLog(partitions=1)
    journal(log, 5)

    assert await reason(log) == "journal_gap"


async def test_it_is_said_how_far_the_log_reaches_back() -> None:
    log = FakeLog(partitions=1, clock=lambda: NOON)
    place = Place("profile.activity", 0)
    log.append(place, *(Outgoing(b"a", b"{}") for _ in range(3)))
    assert await reaches_back_to(log) is None

    log.trim(place, 2)

    reach = await reaches_back_to(log)
    assert reach == NOON
    said = refusal(PermanentError("log_too_short", "profile.activity/0 no longer holds 1"), reach)
    assert said.message == (
        "The log does not reach back to where the customers’ states begin, but to 2026-03-01 12:00 UTC only"
        " (profile.activity/0 no longer holds 1)."
    )
    assert said.exit_code == 2


def test_a_shop_without_a_past_is_told_so() -> None:
    said = refusal(PermanentError("no_journal", "orchestrator.journal is empty"), None)

    assert said.message.startswith("Nothing was folded yet")
    assert said.remedies == ()


async def test_where_nothing_was_journaled_there_is_no_past() -> None:
    assert await reason(FakeLog(partitions=1)) == "no_journal"


async def test_activities_that_are_no_longer_there_cannot_be_folded() -> None:
    log = FakeLog(partitions=1)
    place = Place("profile.activity", 0)
    log.append(place, *(Outgoing(b"a", b"{}") for _ in range(10)))
    log.trim(place, 6)
    journal(log, 1, Run("profile.activity", 0, 0, 9))

    assert await reason(log) == "log_too_short"
