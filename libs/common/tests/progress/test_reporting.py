"""When resolve states its progress and appends ticks: each partition as often as alone, and those that can wait together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from common.contracts import decode_event
from common.progress.reporting import ProgressReporter
from common.streaming.ports import Outgoing, Place, Standing
from libs.common.tests.consuming.making import NOW

TICK = 0.25
STANDINGS = [Standing(partition, 1, 0) for partition in range(3)]


class Written:
    """A `Publisher` that keeps which raw partitions got a tick."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        self.places += [place] * len(records)

    def ticked(self) -> set[int]:
        """The partitions since the last question."""
        places, self.places = self.places, []
        return {place.partition for place in places}


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Setting:
    """A reporter of three partitions, and the time it goes by."""

    def __init__(self) -> None:
        self.watch, self.written = Watch(), Written()
        self.reporter = ProgressReporter(
            "ingest.resolve", "life", 3, self.written, TICK, lambda: NOW, self.watch
        )

    def folded(self, *partitions: int) -> None:
        """Something newer than ever was folded of these."""
        for partition in partitions:
            until = NOW + timedelta(seconds=self.watch())
            self.reporter.folded(partition, until)

    def stated(self) -> set[int]:
        made = self.reporter.statements(STANDINGS)
        return {int(decode_event(record.value or b"").subject) for _, record in made}


def test_what_is_folded_is_stated_once() -> None:
    setting = Setting()
    setting.folded(0, 1, 2)

    assert setting.stated() == {0, 1, 2}
    assert setting.stated() == set()


def test_a_statement_that_is_due_takes_along_those_that_are_soon() -> None:
    setting = Setting()
    setting.folded(0)
    assert setting.stated() == {0}
    setting.watch.seconds += TICK / 4
    setting.folded(1)
    assert setting.stated() == {1}

    setting.watch.seconds += TICK * 0.7
    setting.folded(0, 1)

    assert setting.stated() == {0, 1}


def test_a_statement_is_not_repeated_before_its_time() -> None:
    setting = Setting()
    setting.folded(0)
    setting.stated()
    setting.watch.seconds += TICK * 0.6
    setting.folded(0)
    assert setting.stated() == set()

    setting.watch.seconds += TICK * 0.3
    assert setting.stated() == {0}


def test_a_partition_without_news_is_not_stated_with_the_others() -> None:
    setting = Setting()
    setting.folded(0, 1)
    setting.stated()
    setting.watch.seconds += TICK
    setting.folded(0)

    assert setting.stated() == {0}


async def test_a_silent_partition_gets_a_tick_and_takes_along_those_that_are_soon() -> None:
    setting = Setting()
    for partition in range(3):
        setting.reporter.heard(partition)
        setting.watch.seconds += TICK / 3

    await setting.reporter.tick(STANDINGS)

    assert setting.written.ticked() == {0, 1}


async def test_nobody_is_ticked_before_one_was_silent_long_enough() -> None:
    setting = Setting()
    for partition in range(3):
        setting.reporter.heard(partition)
    setting.watch.seconds += TICK * 0.9

    await setting.reporter.tick(STANDINGS)

    assert setting.written.ticked() == set()
