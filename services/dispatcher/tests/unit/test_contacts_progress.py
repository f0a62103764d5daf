"""How far the contacts are folded: never further than they are, and no statement is waited for in vain."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.contacts import ContactsProgress
from services.dispatcher.tests.making import NOW, SECOND


def test_nothing_is_known_before_every_raw_partition_spoke() -> None:
    progress = ContactsProgress(raw_partitions=2)

    progress.state(0, NOW)

    assert progress.stated is None


def test_the_slowest_raw_partition_counts() -> None:
    progress = ContactsProgress(raw_partitions=2)

    progress.state(0, NOW)
    progress.state(1, NOW - SECOND)
    progress.state(0, NOW - 5 * SECOND)

    assert progress.stated == NOW - SECOND


def test_folded_to_the_end_seen_after_a_statement_is_folded_up_to_its_time() -> None:
    progress = ContactsProgress(raw_partitions=1)
    progress.sight(NOW, {0: 5, 1: 0})

    progress.fold({0: 4})
    before = (progress.until([0]), progress.until([1]))
    progress.fold({0: 5})

    assert before == (None, NOW)
    assert progress.until([0]) == NOW


def test_several_partitions_are_known_as_far_as_the_slowest() -> None:
    progress = ContactsProgress(raw_partitions=1)
    progress.sight(NOW - SECOND, {0: 0})
    progress.fold({0: 0})
    progress.sight(NOW, {1: 0})
    progress.fold({1: 0})

    assert progress.until([0, 1]) == NOW - SECOND
    assert progress.until([1]) == NOW
    assert progress.until([0, 1, 2]) is None


def test_under_a_steady_stream_the_first_end_is_waited_for() -> None:
    progress = ContactsProgress(raw_partitions=1)
    for step in range(10):
        progress.sight(NOW + step * SECOND, {0: 100 * (step + 1)})
    progress.fold({0: 100})

    assert progress.until([0]) == NOW


steps = st.lists(st.sampled_from(["append", "state", "sight", "fold", "fold all"]), max_size=60)


@given(steps)
def test_it_never_says_more_than_is_true(script: list[str]) -> None:
    """Contacts appended one a second, stated and folded at any pace."""
    progress = ContactsProgress(raw_partitions=1)
    log: list[datetime] = []
    clock, folded = NOW, 0
    for step in script:
        clock += timedelta(seconds=1)
        if step == "append":
            log.append(clock)
        elif step == "state":
            progress.state(0, clock)
        elif step == "sight" and progress.stated is not None:
            progress.sight(progress.stated, {0: len(log)})
        elif step.startswith("fold"):
            folded = len(log) if step == "fold all" else min(folded + 1, len(log))
            progress.fold({0: folded})
        until = progress.until([0])
        assert until is None or all(at > until for at in log[folded:])
