"""How long a loop rests: small batches wait for more, one of many is followed at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.consuming import Pace

PACE = Pace(batch=100, gather=0.05, many=20)
SECONDS = st.floats(0, 1)


@given(st.integers(1, 19), SECONDS)
def test_small_batches_begin_at_their_distance(taken: int, seconds: float) -> None:
    assert PACE.rest(taken, seconds) == max(0.0, PACE.gather - seconds)


@given(st.integers(20, 200), SECONDS)
def test_nobody_rests_while_more_is_there(taken: int, seconds: float) -> None:
    assert PACE.rest(taken, seconds) == 0.0


@given(SECONDS)
def test_whoever_comes_after_silence_does_not_wait(seconds: float) -> None:
    assert PACE.rest(0, seconds) == 0.0
