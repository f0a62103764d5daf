"""Claims are made by a barrier that is young and older than what was read; the first byte keeps to it, too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from typing_extensions import override

from common.contracts.actions import Kind
from dispatcher.domain.gate import AddressStanding, ContactsKnowledge, Send, Skip, Wait
from dispatcher.domain.rules import Rules
from dispatcher.jobs import Circuits, Gatekeeper
from dispatcher.ports import Barrier, Candidate, EmailProvider, Found, Outlets
from services.dispatcher.tests.fakes import FakeEmailProvider, FakeRulebook
from services.dispatcher.tests.making import HOUR, NOW, SECOND, delivery, recipient


@dataclass
class OneOutlet(Outlets):
    provider: EmailProvider = field(default_factory=FakeEmailProvider)

    @override
    def speaks(self, kind: Kind, channel: str) -> bool:
        return channel == "email"

    @override
    def outlet(self, rules: Rules) -> EmailProvider | None:
        return self.provider


@dataclass
class Scene:
    """A gatekeeper, the seconds of its clock, and the barrier that was met last."""

    seconds: float = 100.0
    met: Barrier | None = None

    def gatekeeper(self) -> Gatekeeper:
        return Gatekeeper(
            rulebook=FakeRulebook(),
            outlets=OneOutlet(),
            circuits=Circuits(lambda: self.seconds),
            contacts=lambda _: ContactsKnowledge(NOW, HOUR),
            barrier_met=lambda: self.met,
            clock=lambda: self.seconds,
        )


CANDIDATE = Candidate(
    delivery=delivery(),
    state="planned",
    announced="",
    attempts=0,
    claims=0,
    recipient=recipient(),
    read_in=frozenset({0}),
    address_hash="ab" * 16,
    address=AddressStanding(),
)
FOUND = Found(NOW, frozenset(), [CANDIDATE])


def test_by_a_young_barrier_marketing_is_claimed_and_its_first_byte_has_a_deadline() -> None:
    scene = Scene(met=Barrier(99.8, NOW))
    gatekeeper = scene.gatekeeper()

    (judged,) = gatekeeper.judge(FOUND, gatekeeper.barrier())

    assert isinstance(judged.verdict, Send)
    assert judged.admitted is not None
    assert judged.admitted.start_by == 99.8 + 1.0


def test_half_a_second_after_a_barrier_began_nothing_is_claimed_by_it() -> None:
    scene = Scene(met=Barrier(99.4, NOW))

    assert scene.gatekeeper().barrier() is None


def test_a_barrier_that_grew_old_while_rows_were_waited_for_claims_nothing() -> None:
    scene = Scene(met=Barrier(99.8, NOW))
    gatekeeper = scene.gatekeeper()
    barrier = gatekeeper.barrier()
    scene.seconds += 2.0  # the database took its time

    (judged,) = gatekeeper.judge(FOUND, barrier)

    assert isinstance(judged.verdict, Wait)


def test_a_barrier_that_was_met_after_the_look_says_nothing_of_what_was_seen() -> None:
    """A halt that was folded between the two stands behind it, but not in what was read."""
    scene = Scene(met=Barrier(98.0, NOW))
    gatekeeper = scene.gatekeeper()
    barrier = gatekeeper.barrier()
    scene.met = Barrier(100.0, NOW + SECOND)

    (judged,) = gatekeeper.judge(FOUND, barrier)

    assert isinstance(judged.verdict, Wait)


def test_an_order_confirmation_waits_for_no_barrier() -> None:
    gatekeeper = Scene().gatekeeper()
    receipt = replace(CANDIDATE, delivery=delivery(purpose="transactional"))

    (judged,) = gatekeeper.judge(replace(FOUND, candidates=[receipt]), None)

    assert judged.admitted is not None
    assert judged.admitted.start_by is None


def test_a_database_whose_clock_is_wrong_neither_stops_nor_frees_marketing() -> None:
    scene = Scene(met=Barrier(100.0, NOW + timedelta(seconds=31)))
    gatekeeper = scene.gatekeeper()
    fast = replace(FOUND, now=NOW + HOUR)

    (late,) = gatekeeper.judge(FOUND, gatekeeper.barrier())
    scene.met = Barrier(100.0, NOW + SECOND)
    (fresh,) = gatekeeper.judge(fast, gatekeeper.barrier())

    assert late.admitted is None
    assert isinstance(fresh.verdict, Send)


def test_what_nobody_is_set_up_for_is_skipped_at_once_and_says_so() -> None:
    gatekeeper = Scene().gatekeeper()
    call = replace(CANDIDATE, delivery=delivery(kind="call", channel="webhook", message="crm"))

    (judged,) = gatekeeper.judge(replace(FOUND, candidates=[call]), None)

    assert judged.verdict == Skip("no_adapter")
