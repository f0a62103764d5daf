"""Faults that are done to a real stack, each by its name and by chance that a seed decides."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fault.actions.action import Action, Happened, Need, named
from tests.fault.actions.cuts import link_cut, link_delayed, link_silent, smtp_cut
from tests.fault.actions.databases import (
    connections_cut,
    disk_full,
    postgres_killed,
    postgres_restarted,
    postgres_stalled,
)
from tests.fault.actions.kafkas import kafka_down_and_back, kafka_leader_lost, kafka_minority_cut
from tests.fault.actions.processes import (
    clock_ahead,
    clock_behind,
    deploy_adds_input,
    fold_with_a_bug,
    kill_at_random,
    kill_at_step,
    rolling_restart,
    scale_out_and_in,
    stop_beyond_session,
    stop_in_smtp,
    stop_in_transaction,
)
from tests.fault.actions.stack import Stack, running_stack
from tests.fault.actions.topics import leaders, recreate_topic, trim_topic
from tests.fault.inside.orders import JOB_STEPS, STEPS, Step

__all__ = [
    "ACTIONS",
    "JOB_STEPS",
    "STEPS",
    "Action",
    "Happened",
    "Need",
    "Stack",
    "Step",
    "fitting",
    "fold_with_a_bug",
    "leaders",
    "recreate_topic",
    "running_stack",
    "trim_topic",
]

ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        *named(
            kill_at_random,
            kill_at_step,
            stop_beyond_session,
            stop_in_transaction,
            stop_in_smtp,
            rolling_restart,
            scale_out_and_in,
            deploy_adds_input,
            postgres_killed,
            postgres_restarted,
            connections_cut,
            postgres_stalled,
            link_cut,
            link_silent,
            link_delayed,
            smtp_cut,
        ),
        *named(kafka_down_and_back, needs=("one_node",)),
        *named(kafka_leader_lost, kafka_minority_cut, needs=("three_nodes",)),
        *named(disk_full, needs=("small_disk",)),
        *named(clock_ahead, clock_behind, needs=("faketime",)),
    )
}
"""Every promise must hold under each of these, alone and mixed. What breaks one on purpose, or leaves events in the
quarantine (`trim_topic`, `recreate_topic`, `fold_with_a_bug`), is not among them."""


def fitting(stack: Stack) -> list[Action]:
    """Those that this stack has everything for."""
    return [action for action in ACTIONS.values() if action.fits(stack)]
