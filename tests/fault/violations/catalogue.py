"""Every violation with the invariant that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.fault.checker.report import Invariant
from tests.fault.recording import Recording
from tests.fault.violations import folding, losing, sending


class Violation(NamedTuple):
    """How a history is falsified, and what the checker has to say."""

    invariant: Invariant
    commit: Callable[[Recording], None]

    @property
    def name(self) -> str:
        return f"{self.invariant}: {self.commit.__name__}"


_BY_INVARIANT: Final[dict[Invariant, tuple[Callable[[Recording], None], ...]]] = {
    "I1": (
        losing.an_accepted_event_vanishes_from_the_log,
        losing.an_accepted_event_is_not_taken_in,
        losing.a_consequence_is_never_published,
        losing.a_batch_leaves_out_a_record,
        losing.a_request_leads_to_no_delivery,
    ),
    "I2": (
        losing.a_batch_takes_a_record_again,
        losing.an_event_becomes_two_activities,
        losing.an_event_is_taken_in_that_nobody_sent,
        losing.an_activity_counts_that_nobody_did,
    ),
    "I3": (
        losing.a_consequence_is_lost_and_the_sequence_hides_it,
        folding.two_activities_of_one_person_change_places,
        folding.two_batches_change_places_in_the_journal,
        folding.two_draws_are_exchanged,
        folding.a_batch_is_missing_in_the_journal,
        folding.a_state_differs_by_one_byte,
        folding.a_state_is_missing,
        folding.a_person_has_another_version,
        folding.a_recipient_is_an_older_one,
        folding.a_consequence_says_something_else,
    ),
    "I4": (
        sending.a_mail_is_accepted_twice,
        sending.an_unknown_one_was_accepted_twice,
        sending.what_was_sent_never_arrives,
        sending.what_was_skipped_is_mailed,
        sending.a_mail_belongs_to_no_delivery,
    ),
    "I5": (
        sending.a_mail_is_claimed_after_an_unsubscribe,
        sending.a_mail_is_claimed_before_there_is_a_consent,
        sending.a_mail_is_claimed_while_the_contacts_are_behind,
    ),
    "I6": (
        folding.a_timer_fires_early,
        folding.a_timer_fires_twice,
        folding.a_timer_never_fires,
        folding.a_timer_overtakes_an_event,
    ),
    "I7": (
        losing.poison_is_put_aside_by_one_of_two_readers,
        losing.a_record_is_put_aside_without_a_reason,
        losing.a_good_record_is_put_aside,
        losing.what_the_edge_rejected_is_nowhere,
    ),
    "I11": (
        folding.a_record_is_never_read,
        folding.a_row_stays_in_an_outbox,
        folding.a_timer_stays_in_its_table,
    ),
    "I13": (
        folding.an_enrollment_is_never_decided,
        folding.a_proposal_is_decided_twice,
        folding.what_was_chosen_is_never_requested,
        folding.an_enrollment_ends_on_another_version,
        folding.an_enrollment_is_moved_twice,
    ),
}

VIOLATIONS: Final = tuple(
    Violation(invariant, commit)
    for invariant, commits in _BY_INVARIANT.items()
    for commit in commits
)
