"""An envelope that is made in one go has the same bytes as one that is put together first."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from common.contracts import encode_event, encoded, event_bytes
from common.contracts.profiles import Contribution, LeadScored
from common.ids import derive

PAYLOAD = LeadScored(
    score=12,
    previous_score=None,
    grade="B",
    reasons=(Contribution("Product Viewed", 1.5, 3),),
    model_version="m",
)


@pytest.mark.parametrize("cause", [None, derive("cause")])
def test_both_ways_give_the_same_bytes(cause: UUID | None) -> None:
    envelope = {
        "id": derive("one"),
        "source": "/cuestream/scoring/consume",
        "subject": "Zoë",
        "time": datetime(2026, 1, 2, 3, 4, 5, 678, UTC),
        "workspace": "demo",
        "correlationid": derive("first"),
        "causationid": cause,
    }

    assert encoded(PAYLOAD, **envelope) == event_bytes(encode_event(PAYLOAD, **envelope))  # type: ignore[arg-type] # as named
