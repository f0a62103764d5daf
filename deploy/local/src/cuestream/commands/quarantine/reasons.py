"""What a reason for setting something aside means, and what can be done about it."""

from __future__ import annotations

from typing import NamedTuple

from cuestream.commands.quarantine.items import Item


class Advice(NamedTuple):
    """Two sentences for the person who found it."""

    means: str
    then: str


_RETRY = "Then `cuestream quarantine retry`."
_UNDECODABLE = Advice(
    "It cannot be read: not a CloudEvent, or its data have not the shape of their type.",
    "Repair whoever wrote it and let it be written anew; discard this one. Only a version that can read it can retry it.",
)
_STRANGE = Advice(
    "It is none of the messages that the Segment protocol knows.",
    "Repair the client and let it send anew; discard this one.",
)
_BY_REASON = {
    "undecodable": _UNDECODABLE,
    "unknown_type": Advice(
        "Its type is not known to the version that read it: it was written by a newer one, or by a stranger.",
        f"Deploy a version that knows the type. {_RETRY} Discard it if nobody of yours wrote it.",
    ),
    "unknown_workspace": Advice(
        "Its workspace had no release for 10 s: nobody could say by which rules it is to be judged.",
        f"Publish the workspace with `cuestream apply`. {_RETRY}",
    ),
    "fold_failed": Advice(
        "The code that folds it raised an error: a bug. `detail` says where.",
        f"Repair it and deploy. {_RETRY}",
    ),
    "state_rejected": Advice(
        "The database takes no state with it in it, such as a character that it cannot store.",
        f"Repair what makes the state and deploy. {_RETRY}",
    ),
    "consequence_too_large": Advice(
        "What follows from it is larger than the broker takes.",
        f"Make it smaller (a template, a list of candidates) and deploy. {_RETRY}",
    ),
    "newer_schema": Advice(
        "The profile's state was written by a newer version than the one that read it.",
        f"Finish the deployment. {_RETRY}",
    ),
    "unknown_protocol": _STRANGE,
    "unknown_call": _STRANGE,
    "no_event_name": _STRANGE,
}
_TOLD = Advice(
    "The edge refused the message, and told the client so in its answer.",
    "Repair the client and let it send anew; discard this one. It cannot be retried.",
)
_UNREADABLE_NO = Advice(
    "The senders could not read it; they read every record of this topic themselves, once.",
    "See what it was meant to withdraw and withdraw it again; discard this one. It cannot be retried.",
)
_OTHER = Advice(
    "The service's own rules refuse it; `detail` says why.",
    f"Change what the rules look at, or the rules. {_RETRY}",
)


def advice(item: Item) -> Advice:
    """What is to be known of its cause."""
    if item.kind == "message":
        return _UNREADABLE_NO if item.topic == "contact.withdrawals" else _TOLD
    return _BY_REASON.get(item.reason, _OTHER)
