"""Whatever reason a service gives, the console has words for it; services cannot import each other, so this is asked here."""

from __future__ import annotations

import pytest

from dispatcher.domain import reasons
from orchestrator.api.words.reasons import REASONS


@pytest.mark.parametrize(
    "code", [*reasons.HELD, *reasons.SKIPPED, *reasons.FAILED, *reasons.UNKNOWN]
)
def test_every_reason_of_a_delivery_has_words(code: str) -> None:
    assert code in REASONS
