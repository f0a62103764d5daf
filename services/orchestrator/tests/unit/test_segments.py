"""Journeys that begin when a customer comes into a segment of the workspace, or leaves it."""

from __future__ import annotations

import pytest

from common.documents import DocumentError
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.unit.test_triggers import HOUR, TEMPLATES, living, scores, written


def test_who_leaves_a_segment_is_met_once_for_each_time() -> None:
    life = living("{leaves: hot}")
    begun = []
    for score in (10, 80, 20, 60, 49):
        scores(life, score)
        life.waits(2 * HOUR)
        begun.append(len(life.entered))

    assert begun == [0, 0, 1, 1, 2]


def test_an_unknown_segment_is_named_and_who_does_not_know_them_lets_it_be() -> None:
    files = {"journey.yaml": written("{enters: hoot}"), **TEMPLATES}
    with pytest.raises(DocumentError, match=r"no segment `hoot`.*did you mean `hot`"):
        parse_playbook("p", "v1", files, segments={"hot": "true"})

    assert parse_playbook("p", "v1", files).triggers
