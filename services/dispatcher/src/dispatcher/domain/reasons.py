"""Every reason that a status of a delivery can give; a page that explains them can list them."""

from __future__ import annotations

from typing import Literal, get_args

HeldReason = Literal[
    "halted",
    "unknown_workspace",
    "unknown_version",
    "contacts_behind",
    "merging",
    "no_provider",
    "provider_unavailable",
    "provider_deferred",
]
SkippedReason = Literal[
    "expired",
    "erased",
    "no_adapter",
    "template_missing",
    "template_error",
    "no_address",
    "suppressed",
    "no_consent",
    "withdrawn",
]
FailedReason = Literal["address_unknown", "mailbox_full", "refused_by_policy", "refused"]
UnknownReason = Literal["connection_lost", "no_answer", "sender_lost", "history"]

HELD: tuple[str, ...] = get_args(HeldReason)
SKIPPED: tuple[str, ...] = get_args(SkippedReason)
FAILED: tuple[str, ...] = get_args(FailedReason)
UNKNOWN: tuple[str, ...] = get_args(UnknownReason)

HISTORY: UnknownReason = "history"
"""It was requested before this database began: whether it was sent is known only to who sent it then."""
DEAD_ADDRESS: frozenset[str] = frozenset({"address_unknown"})
"""After these nothing is sent there any more."""


def refusal(code: int, enhanced: str) -> FailedReason:
    """What a provider's 5xx means (RFC 3463); 5.7 is the sender's fault and condemns no address."""
    if enhanced in {"5.1.1", "5.1.6", "5.1.10", "5.2.1"}:
        return "address_unknown"
    if enhanced == "5.2.2" or code == 552:
        return "mailbox_full"
    return "refused_by_policy" if enhanced.startswith("5.7.") else "refused"
