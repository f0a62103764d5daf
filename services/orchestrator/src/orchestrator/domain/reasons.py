"""Every reason that decisions, steps and exits give; the console has a sentence for each."""

from __future__ import annotations

from typing import Final

ELIGIBLE: Final = "eligible"
"""Chosen: every gate said yes."""

UNKNOWN_MESSAGE: Final = "unknown_message"
NO_ADAPTER: Final = "no_adapter"
"""The workspace has nobody who sends on that channel."""
SAID_ALREADY: Final = "said_already"
"""The playbook has said it about the same before."""
NO_CONSENT: Final = "no_consent"
NO_ADDRESS: Final = "no_address"

MERGED: Final = "merged"
"""The profile became another one, in which a passage like it is further on or was there before."""
CANCELLED_BY_PUBLICATION: Final = "cancelled_by_publication"
"""Whoever published the next version chose to end what was under way."""
REVOKED: Final = "revoked"
"""Somebody ended it by hand."""
COMPLETED: Final = "completed"
"""The passage went through all its steps."""
PLAYBOOK_ERROR: Final = "playbook_error"
"""The passage's version is gone or does not compile."""

ARRIVED: Final = "arrived"
"""The passage came to the step."""
ASKED: Final = "asked"
"""It asked for something and waits for the answer."""
ROUNDS_OVER: Final = "rounds_over"
"""It went back as often as it may, now it goes on."""
TOO_MANY_STEPS: Final = "too_many_steps"
"""One occasion led through more steps than any journey needs."""

HELD: Final = "held"
"""What would come now comes when the playbook is no longer paused."""
RESUMED: Final = "resumed"

OVERDUE: Final = "overdue"
"""Expired: it came due while it could not be said, and whoever let it go on chose to leave that out."""

CHOSEN: Final = (ELIGIBLE,)
REJECTED: Final = (UNKNOWN_MESSAGE, NO_ADAPTER, SAID_ALREADY, NO_CONSENT, NO_ADDRESS)
EXPIRED: Final = (OVERDUE,)
ENDED: Final = (
    COMPLETED,
    REVOKED,
    PLAYBOOK_ERROR,
    MERGED,
    CANCELLED_BY_PUBLICATION,
    TOO_MANY_STEPS,
)
"""Besides these: `exit_when: …`, `goal: …`, or what the playbook itself calls the exit. They are also the reasons of `cancelled`."""
STEPPED: Final = (ARRIVED, ASKED, ROUNDS_OVER, HELD, RESUMED)
"""Besides these: `restarted by …`, `took …`, `went back to …`."""

_EXIT = "exit_when: "
_GOAL = "goal: "
_RESTARTED = "restarted by "
_TOOK = "took "
_BACK = "went back to "


def exit_when(text: str) -> str:
    """An exit's reason where the playbook gives none: the event's name or the condition."""
    return _EXIT + text


def restarted_by(activity: str) -> str:
    """The wait began anew."""
    return _RESTARTED + activity


def goal(text: str) -> str:
    """The goal that was reached: the event's name or the condition."""
    return _GOAL + text


def took_way(name: str) -> str:
    """The way on which it left the step."""
    return _TOOK + name


def went_back(step: str) -> str:
    """It goes on at an earlier step."""
    return _BACK + step
