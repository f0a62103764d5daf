"""An answer is told in sentences that somebody who writes playbooks understands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cuestream.whatif import Answer
from cuestream.whatif.comparing import compare
from cuestream.whatif.ruling import Fate
from cuestream.whatif.telling import sentences
from deploy.local.tests.whatif.test_comparing import ANNA, BERT, NOON, ORDERED, SENT, ruling


def answer(**more: Any) -> Answer:
    known: dict[str, Any] = {
        "workspace": "shop",
        "playbook": "cart",
        "versions": ("a" * 64,),
        "candidate": None,
        "since": NOON,
        "until": NOON + timedelta(hours=1),
        "batches": 2,
        "records": 1204,
        "timers": 3,
        "decisions": 2,
        "seconds": 0.5,
        "peak_mib": 100.0,
    }
    return Answer(**{**known, **more})


def test_a_past_that_decides_the_same_again_is_told_with_its_digest() -> None:
    told = list(sentences(answer(identical=True, digest_recorded="d1", digest_replayed="d1")))

    assert told == [
        "cart aaaaaaaa, shop, 2026-03-01 12:00:00 to 2026-03-01 13:00:00",
        "1,204 records and 3 timers folded in 0.5 s; 2 decisions were made then.",
        "The same decisions were made again, byte for byte (d1).",
    ]


def test_a_past_that_decides_otherwise_is_told_with_both_digests() -> None:
    *_, last = sentences(answer(identical=False, digest_recorded="d1", digest_replayed="d2"))

    assert last == "Other decisions were made: d1 is recorded, d2 came of it."


def test_what_a_candidate_changes_is_told_with_some_of_those_whom_it_concerns() -> None:
    later = NOON + timedelta(minutes=90)
    live = [ruling(ANNA, ORDERED), ruling(BERT, SENT)]
    supposed = [ruling(ANNA, SENT), ruling(BERT, SENT, at=later)]

    first, _, summary, *changes = sentences(
        answer(candidate="b" * 64, comparison=compare(live, supposed))
    )

    assert first.startswith("cart aaaaaaaa → bbbbbbbb, shop")
    assert summary == (
        "+1 sends, −0: 1 were sent, 2 would have been."
        " 1 decisions are the same, 1 of them at another time (median 1.5 h later)."
    )
    assert changes == [
        "  +1 reminder by email, before cancelled: they ordered",
        f"      {ANNA} 2026-03-01 12:00:00",
    ]


def test_a_candidate_that_changes_nothing_is_told_so() -> None:
    past = [ruling(ANNA, SENT), ruling(BERT, Fate("cancelled", "completed"))]

    *_, summary = sentences(answer(candidate="b" * 64, comparison=compare(past, past)))

    assert summary == (
        "Nobody gets more or less: 1 were sent, 1 would have been. 2 decisions are the same."
    )
