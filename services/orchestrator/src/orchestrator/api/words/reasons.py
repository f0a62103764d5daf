"""The words for every reason code of decisions, steps, exits and deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.api.words import phrases


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reason's words may name."""

    channel: str | None = None
    purpose: str = "marketing"
    due_at: datetime | None = None
    at: datetime | None = None


def reason(code: str, facts: Facts) -> str:
    """The reason as half a sentence without capital and full stop; an unknown code is shown as it is.

    A code may carry an argument: `exit_when: Order Completed`.
    """
    name, colon, argument = code.partition(":")
    argument = argument.strip()
    if name == "exit_when" and colon:
        return _exit(argument)
    if name == "goal" and colon:
        return f"the goal was reached, {_exit(argument)}"
    for prefix, words_of in PREFIXES.items():
        if code.startswith(prefix):
            return words_of(code.removeprefix(prefix))
    words = REASONS.get(name)
    if words is None:
        return phrases.plain(code)
    return words.format(
        argument=argument,
        channel="that channel" if facts.channel is None else phrases.channel(facts.channel),
        purpose=phrases.plain(facts.purpose),
    )


def gate_words(gate: str, code: str, facts: Facts, *, ok: bool) -> str:
    """A gate's question and its answer."""
    question = GATES.get(gate, phrases.plain(gate)).format(
        channel="that channel" if facts.channel is None else phrases.channel(facts.channel),
        purpose=phrases.plain(facts.purpose),
    )
    return question if ok or not code else reason(code, facts)


def _exit(argument: str) -> str:
    return EVENTS.get(argument) or CONDITIONS.get(argument) or f"“{argument}” came true"


EVENTS: Mapping[str, str] = {
    "Order Completed": "they ordered",
    "Order Cancelled": "they cancelled an order",
    "Product Added": "they put a product into the cart",
    "Product Removed": "they took a product out of the cart",
    "Cart Viewed": "they looked at the cart",
    "Checkout Started": "they began the checkout",
}
CONDITIONS: Mapping[str, str] = {
    "size(customer.cart.items) == 0": "the cart was emptied",
}
PREFIXES: Mapping[str, Callable[[str], str]] = {
    "restarted by ": lambda event: f"anew, because {EVENTS.get(event, f'of “{event}”')}",
    "took ": lambda way: f"on the way “{phrases.plain(way)}”",
    "went back to ": lambda step: f"back to {phrases.step(step)}",
}
"""Reasons that name what they are about."""
REASONS: Mapping[str, str] = {
    # decisions and exits
    "eligible": "every gate says yes",
    "unknown_message": "the playbook has no such message by {channel}",
    "no_adapter": "nobody is set up to send by {channel}",
    "said_already": "it was said about the same before",
    "no_consent": "they have not agreed to {purpose} by {channel}",
    "no_address": "no address for {channel} is known",
    "completed": "it came to its end",
    "merged": "they turned out to be one with a person for whom it goes on, or was done before",
    "too_many_steps": "one occasion led through too many steps of the playbook",
    "cancelled_by_publication": "whoever published the next version ended what was under way",
    "overdue": "it came due while it could not be sent, and was left out when the playbook went on",
    "revoked": "somebody ended it by hand",
    "playbook_error": "the playbook’s version is gone or has an error",
    # steps
    "arrived": "",
    "asked": "until what it asked for is answered",
    "rounds_over": "it went back as often as it may, now it goes on",
    "held": "the playbook is paused",
    "resumed": "the playbook goes on after a pause",
    # held
    "halted": "all sending is halted until somebody resumes it",
    "unknown_workspace": "the workspace has no release yet",
    "unknown_version": "the playbook’s version is not here yet",
    "contacts_behind": "the newest consents are not known yet, and who does not know them does not send",
    "merging": "they turned out to be somebody we know, and that record is not here yet",
    "no_provider": "nobody is set up to send by {channel}",
    "provider_unavailable": "the provider cannot be reached",
    "provider_deferred": "the provider asks to come again later",
    # skipped
    "expired": "it would have come too late",
    "erased": "the person was erased",
    "template_missing": "there is no template for it in any of the workspace’s languages",
    "template_error": "its template failed",
    "suppressed": "the address must not be used any more",
    "withdrawn": "they said no in the meantime",
    # failed
    "address_unknown": "the address does not exist",
    "mailbox_full": "the mailbox is full",
    "refused_by_policy": "the recipient’s server refuses us",
    "refused": "the recipient’s server refused it",
    # unknown
    "connection_lost": "the connection broke after the last byte",
    "no_answer": "the provider did not answer in time",
    "sender_lost": "the process that was sending it died",
    "history": "it was requested before the dispatcher’s database began anew",
}
"""Half a sentence each; `{channel}`, `{purpose}` and `{argument}` are filled in."""
GATES: Mapping[str, str] = {
    "once": "it is new to them",
    "message": "there is a text for {channel}",
    "adapter": "somebody is set up to send by {channel}",
    "consent": "they agreed to {purpose} by {channel}",
    "address": "an address for {channel} is known",
}
"""What is true where the gate says yes."""
