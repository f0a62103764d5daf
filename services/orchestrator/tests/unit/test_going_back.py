"""A journey may go back, but not for ever."""

from __future__ import annotations

from datetime import timedelta

from services.orchestrator.tests.unit.test_ways import living, messages, say, ways


def test_going_back_ends_after_so_many_times_and_each_round_has_its_own_decisions() -> None:
    life = living(
        "{id: ask, propose: {message: first, channels: [email], expires_after: 24h}}",
        "{wait: {for: 1h}}",
        "{goto: {step: ask, at_most: 2}}",
        say("all"),
    )
    life.does("Page Viewed")
    life.waits(timedelta(days=1))

    assert messages(life) == ["first", "first", "first", "all"]
    assert len({request.decision_id for request in life.requests}) == 4
    assert [reason for _, reason in ways(life) if "ro" in reason and reason != "arrived"] == [
        "rounds_over"
    ]
    assert life.exits == ["completed"]


def test_a_circle_without_a_wait_is_stopped_by_the_fuse() -> None:
    life = living(
        "{id: begin, branch: [{when: 'true', steps: [{set: {n: '1'}}]}]}",
        "{goto: {step: begin, at_most: 1000}}",
    )
    life.does("Page Viewed")

    assert life.exits == ["too_many_steps"]
