"""Every reason that decisions, steps and exits give; the console has a sentence for each."""

from __future__ import annotations

from typing import Final

ELIGIBLE: Final = "eligible"
"""Chosen: every gate said yes."""

UNKNOWN_MESSAGE: Final = "unknown_message"
NO_CONSENT: Final = "no_consent"
NO_ADDRESS: Final = "no_address"

MERGED: Final = "merged"
"""The profile became another one, in which a passage like it is further on or was there before."""
COMPLETED: Final = "completed"
"""The passage went through all its steps."""
PLAYBOOK_ERROR: Final = "playbook_error"
"""The passage's version is gone or does not compile."""

ARRIVED: Final = "arrived"
"""The passage came to the step."""

CHOSEN: Final = (ELIGIBLE,)
REJECTED: Final = (UNKNOWN_MESSAGE, NO_CONSENT, NO_ADDRESS)
ENDED: Final = (COMPLETED, PLAYBOOK_ERROR, MERGED)
"""Besides these: `exit_when: …`, or what the playbook itself calls the exit. They are also the reasons of `cancelled`."""
STEPPED: Final = (ARRIVED,)
"""Besides this: `restarted by …`."""

_EXIT = "exit_when: "
_RESTARTED = "restarted by "


def exit_when(text: str) -> str:
    """An exit's reason where the playbook gives none: the event's name or the condition."""
    return _EXIT + text


def restarted_by(activity: str) -> str:
    """The wait began anew."""
    return _RESTARTED + activity
