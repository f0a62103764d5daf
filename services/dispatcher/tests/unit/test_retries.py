"""When to try again, and when to leave a provider alone."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.errors import TransientError
from dispatcher.domain.retries import CLOSED, retry_at
from dispatcher.jobs.circuits import Circuits
from dispatcher.ports import Accepted, Refused
from services.dispatcher.tests.fakes import FakeEmailProvider
from services.dispatcher.tests.making import NOW, SECOND

AWAY = TransientError("provider_unavailable")


@given(st.integers(0, 10_000))
def test_every_failure_waits_at_least_as_long_as_the_one_before(attempts: int) -> None:
    assert NOW + 2 * SECOND <= retry_at(NOW, attempts) <= retry_at(NOW, attempts + 1)
    assert retry_at(NOW, attempts) <= NOW + timedelta(minutes=15)


def test_a_circuit_breaks_after_five_failures_in_a_row_and_rests_longer_each_time() -> None:
    circuit, now, rests = CLOSED, 0.0, []
    for _ in range(10):
        circuit = circuit.failed(now)
        rests.append(circuit.rest(now).total_seconds())
        now += rests[-1]

    assert rests == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30]


def test_those_under_way_when_it_broke_do_not_make_it_rest_longer() -> None:
    circuit = CLOSED
    for _ in range(30):
        circuit = circuit.failed(0.0)

    assert circuit.rest(0.0).total_seconds() == 1


def test_one_answer_closes_it() -> None:
    circuit = CLOSED
    for _ in range(7):
        circuit = circuit.failed(0.0)

    assert circuit.succeeded().state(0.0) == "closed"


class Time:
    """A clock that the test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Time) -> tuple[Circuits, FakeEmailProvider]:
    circuits, provider = Circuits(clock), FakeEmailProvider()
    for _ in range(5):
        circuits.ended(provider, AWAY)
    return circuits, provider


def test_a_broken_provider_is_asked_by_one_mail_when_its_rest_is_over() -> None:
    clock = Time()
    circuits, provider = broken(clock)
    during = circuits.back_at(provider, NOW)
    clock.now = 1.5
    first = circuits.back_at(provider, NOW)
    circuits.admitted(provider)
    second = circuits.back_at(provider, NOW)
    circuits.ended(provider, Accepted("fake"))

    assert during == NOW + SECOND
    assert first is None
    assert second is not None
    assert circuits.back_at(provider, NOW) is None


def test_a_refusal_is_an_answer_and_another_provider_is_another_circuit() -> None:
    clock = Time()
    circuits, provider = broken(clock)
    clock.now = 1.5
    circuits.admitted(provider)
    circuits.ended(provider, Refused("fake", "refused"))

    assert circuits.back_at(provider, NOW) is None
    assert circuits.back_at(FakeEmailProvider(), NOW) is None


def test_a_probe_whose_transaction_failed_is_forgotten() -> None:
    clock = Time()
    circuits, provider = broken(clock)
    clock.now = 1.5
    circuits.admitted(provider)
    clock.now = 60.0

    assert circuits.back_at(provider, NOW) is None


def test_what_never_got_to_the_provider_says_nothing_of_it() -> None:
    circuits, provider = Circuits(Time()), FakeEmailProvider()
    for _ in range(50):
        circuits.ended(provider, None)
        circuits.ended(provider, TransientError("too_late"))

    assert circuits.back_at(provider, NOW) is None
