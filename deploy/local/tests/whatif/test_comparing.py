"""Two pasts are compared passage by passage: what is the same, what is new, what is gone, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from common.ids import derive
from cuestream.whatif.comparing import Change, compare, pairs
from cuestream.whatif.ruling import Fate, Ruling
from cuestream.whatif.telling import told

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENT = Fate("chosen", "eligible", "reminder", "email")
SECOND = Fate("chosen", "eligible", "incentive", "email")
REFUSED = Fate("rejected", "no_consent", "reminder", "email")
ORDERED = Fate("cancelled", "exit_when: Order Completed")
ANNA, BERT = derive("anna"), derive("bert")


def ruling(who: UUID, fate: Fate, *, cart: str = "1", at: datetime = NOON, **more: Any) -> Ruling:
    return Ruling(
        decision_id=derive("decision", who, cart, repr(fate), at.isoformat()),
        trigger_id=derive("trigger", who, cart),
        enrollment_id=derive("enrollment", who, cart),
        profile_id=who,
        version="v",
        at=at,
        fate=fate,
        **more,
    )


def only(*changes: Change) -> Change:
    [change] = changes
    return change


def test_what_was_decided_as_it_would_be_is_no_change() -> None:
    past = [ruling(ANNA, SENT), ruling(ANNA, SECOND, at=NOON + MINUTE), ruling(BERT, ORDERED)]

    found = compare(past, list(reversed(past)))

    assert (found.same, found.added, found.removed, found.changes) == (3, 0, 0, ())
    assert (found.later, found.earlier, found.shift_seconds) == (0, 0, None)


def test_the_same_message_at_another_time_is_the_same_but_later() -> None:
    found = compare([ruling(ANNA, SENT)], [ruling(ANNA, SENT, at=NOON + 15 * MINUTE)])

    assert (found.same, found.later, found.earlier, found.shift_seconds) == (1, 1, 0, 900.0)
    assert found.changes == ()


def test_less_than_a_second_is_the_pace_of_the_runtime() -> None:
    found = compare([ruling(ANNA, SENT)], [ruling(ANNA, SENT, at=NOON + timedelta(seconds=0.4))])

    assert (found.same, found.later, found.shift_seconds) == (1, 0, None)


def test_a_passage_that_would_have_been_faster_than_its_end_is_one_more_message() -> None:
    found = compare([ruling(ANNA, ORDERED)], [ruling(ANNA, SENT)])

    change = only(*found.changes)
    assert (change.adds, change.removes, found.added) == (True, False, 1)
    assert told(change) == "+1 reminder by email, before cancelled: they ordered"


def test_a_message_that_would_be_refused_is_one_less_with_its_reason() -> None:
    lost = [ruling(ANNA, SENT), ruling(BERT, SENT)]
    found = compare(lost, [replace(one, fate=REFUSED) for one in lost])

    change = only(*found.changes)
    assert (change.count, change.removes, found.removed) == (2, True, 2)
    assert {one.profile_id for one in change.samples} == {ANNA, BERT}
    assert told(change).startswith("−2 reminder by email, now rejected: they have not agreed")


def test_a_stage_that_is_taken_out_leaves_the_others_as_they_are() -> None:
    live = [ruling(ANNA, SENT), ruling(ANNA, SECOND, at=NOON + MINUTE)]

    found = compare(live, live[1:])

    assert (found.same, found.removed) == (1, 1)
    assert told(only(*found.changes)) == "−1 reminder by email, now nothing is decided"


def test_a_passage_that_is_not_over_yet_is_said_to_be_under_way() -> None:
    live = ruling(ANNA, SENT)

    change = only(*compare([live], [], {live.trigger_id}).changes)

    assert told(change) == "−1 reminder by email, now still under way at the end"


def test_another_message_in_the_same_place_is_an_exchange() -> None:
    change = only(*compare([ruling(ANNA, SENT)], [ruling(ANNA, SECOND)]).changes)

    assert (change.adds, change.removes) == (False, False)
    assert told(change) == "1 incentive by email instead of reminder by email"


def test_a_message_that_would_carry_no_voucher_loses_it() -> None:
    live = ruling(ANNA, SENT, carries=("parameters.discount", "vars.voucher"))
    supposed = ruling(ANNA, SENT, carries=("parameters.discount",))

    change = only(*compare([live], [supposed]).changes)

    assert (change.loses, change.gains) == (("vars.voucher",), ())
    assert told(change) == "1 reminder by email lose vars.voucher"


def test_what_a_request_carried_that_the_log_no_longer_holds_is_not_compared() -> None:
    live = ruling(ANNA, SENT, carries=None)

    assert compare([live], [ruling(ANNA, SENT, carries=("vars.voucher",))]).same == 1


def test_the_same_message_after_another_trigger_is_the_same_message() -> None:
    live, supposed = ruling(ANNA, SENT, cart="1"), ruling(ANNA, SENT, cart="2", at=NOON + MINUTE)

    found = compare([live], [supposed])

    assert (found.same, found.later, found.changes) == (1, 1, ())


def test_two_passages_of_one_person_are_not_mixed_up() -> None:
    one, two = ruling(ANNA, SENT, cart="1"), ruling(ANNA, ORDERED, cart="2")

    assert set(pairs([one, two], [two, one])) == {(one, one), (two, two)}


def test_of_many_a_few_are_shown_the_first_ones() -> None:
    live = [ruling(derive(str(n)), SENT, at=NOON + n * MINUTE) for n in range(20)]

    change = only(*compare(live, []).changes)

    assert change.count == 20
    assert [one.before_at for one in change.samples] == [NOON + n * MINUTE for n in range(5)]
