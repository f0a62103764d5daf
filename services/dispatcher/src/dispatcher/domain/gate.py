"""The gate: everything that must hold at the moment of sending, asked in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from dispatcher.domain.delivery import Delivery
from dispatcher.domain.recipient import Recipient

CONTACTS_MAY_LAG = timedelta(seconds=30)
"""Who cannot know the customer's latest will does not send marketing."""
LOOK_AGAIN = timedelta(seconds=5)
"""How long a held delivery rests where nothing tells when the reason is gone."""
A_WHILE = timedelta(seconds=1)
"""How long it rests where the reason is gone soon, but not at once."""
A_MOMENT = timedelta(milliseconds=100)
"""How long a delivery waits for what is on its way: a barrier, the contacts' next batch."""

Everything = Literal["*"]
ALL_BUT_TRANSACTIONAL: Everything = "*"


@dataclass(frozen=True, slots=True)
class Send:
    """Claim it and send it to this address."""

    address: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Not yet, and say so."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not in this instant; not worth a word."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Never, and why."""

    reason: str


Verdict = Send | Hold | Wait | Skip


@dataclass(frozen=True, slots=True)
class AddressStanding:
    """What the owner of an address said no to, and whether the address is of any use."""

    withdrawn: Mapping[str, datetime] = field(default_factory=dict)
    """Purpose (`*`: all but transactional) → when the last withdrawal was appended."""
    suppressed: str | None = None
    """Why nothing may go there, such as `bounced`."""

    def withdrawn_since(self, granted_at: datetime, purpose: str) -> bool:
        """True unless the consent was given after every no that covers the purpose."""
        noes = (self.withdrawn.get(purpose), self.withdrawn.get(ALL_BUT_TRANSACTIONAL))
        return any(no is not None and no >= granted_at for no in noes)


@dataclass(frozen=True, slots=True)
class PersonStop:
    """The person must not be written to, by whatever address and channel."""

    transactional: bool
    """Whether also what an order brings with it is not sent."""


@dataclass(frozen=True, slots=True)
class ContactsKnowledge:
    """Up to which append time of raw events the contacts are folded."""

    until: datetime | None
    watched_for: timedelta
    """Before that nobody measured, so nothing can be said to be late."""

    def covers(self, instant: datetime) -> bool:
        return self.until is not None and self.until >= instant

    def is_stale(self, now: datetime) -> bool:
        lag = self.watched_for if self.until is None else now - self.until
        return lag > CONTACTS_MAY_LAG


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is known of a delivery at the moment at which it would be claimed."""

    now: datetime
    """By the database's clock."""
    delivery: Delivery
    recipient: Recipient | None
    address: AddressStanding
    halted: bool
    contacts: ContactsKnowledge
    barrier_at: datetime | None
    """When the barrier behind which every withdrawal is folded was appended, by the brokers' clock; None: there is none."""
    configured: bool
    """Whether this process knows a release of the workspace."""
    template: Literal["ready", "unknown_version", "template_missing", "template_error"]
    has_adapter: bool = True
    """Whether this installation knows how to hand over what is of its kind, on its channel."""
    has_provider: bool = True
    """Whether there is anybody to hand it to."""
    stop: PersonStop | None = None
    """Set where the person is suppressed, not only an address."""
    provider_back_at: datetime | None = None
    """Set while the provider is away."""

    @property
    def contacts_are_stale(self) -> bool:
        """By the clock that dated the contacts, the brokers', where the barrier tells it: another may go wrong."""
        return self.contacts.is_stale(self.barrier_at or self.now)

    def a_no(self, reason: str) -> Verdict:
        """A no from the contacts; final only where they are as new as the request itself."""
        if self.contacts.covers(self.delivery.accepted_at):
            return Skip(reason)
        if self.contacts_are_stale:
            return Hold("contacts_behind", self.now + LOOK_AGAIN)
        return Wait(self.now + A_MOMENT)


Question = Callable[[Situation], Verdict | None]


def _expiry(s: Situation) -> Verdict | None:
    return Skip("expired") if s.now >= s.delivery.request.expires_at else None


def _erasure(s: Situation) -> Verdict | None:
    return Skip("erased") if s.recipient and s.recipient.is_erased else None


def _halt(s: Situation) -> Verdict | None:
    # Whoever resumes wakes what rests here; the expiry is the latest moment to look.
    return Hold("halted", s.delivery.request.expires_at) if s.halted else None


def _configuration(s: Situation) -> Verdict | None:
    return None if s.configured else Hold("unknown_workspace", s.now + LOOK_AGAIN)


def _adapter(s: Situation) -> Verdict | None:
    # Whoever waits for an answer goes on with what the playbook has for a no.
    return None if s.has_adapter else Skip("no_adapter")


def _template(s: Situation) -> Verdict | None:
    if s.template == "ready":
        return None
    if s.template == "unknown_version":
        return Hold("unknown_version", s.now + LOOK_AGAIN)
    return Skip(s.template)


def _contacts(s: Situation) -> Verdict | None:
    if s.delivery.is_transactional:
        return None
    if s.contacts_are_stale:
        return Hold("contacts_behind", s.now + LOOK_AGAIN)
    return None if s.contacts.until else Wait(s.now + A_MOMENT)


def _merge(s: Situation) -> Verdict | None:
    # Who it has become is told on another partition, and so is who that one has become.
    if s.recipient is None or s.recipient.merged_into is None:
        return None
    return Hold("merging", s.now + A_WHILE)


def _barrier(s: Situation) -> Verdict | None:
    return None if s.delivery.is_transactional or s.barrier_at else Wait(s.now + A_MOMENT)


def _address(s: Situation) -> Verdict | None:
    if s.recipient is None or s.recipient.address(s.delivery.request.channel) is None:
        return s.a_no("no_address")
    return Skip("suppressed") if s.address.suppressed else None


def _person(s: Situation) -> Verdict | None:
    if s.stop is None or (s.delivery.is_transactional and not s.stop.transactional):
        return None
    return Skip("suppressed")


def _consent(s: Situation) -> Verdict | None:
    if s.delivery.is_transactional or s.recipient is None:
        return None
    request = s.delivery.request
    consent = s.recipient.consent(request.channel, request.purpose)
    if consent is None:
        return s.a_no("no_consent")
    if s.address.withdrawn_since(consent.since, request.purpose):
        return Skip("withdrawn")
    return None


def _provider(s: Situation) -> Verdict | None:
    if not s.has_provider:
        return Hold("no_provider", s.now + LOOK_AGAIN)
    return Hold("provider_unavailable", s.provider_back_at) if s.provider_back_at else None


QUESTIONS: Sequence[Question] = (
    _expiry,
    _erasure,
    _halt,
    _configuration,
    _adapter,
    _template,
    _barrier,
    _contacts,
    _merge,
    _person,
    _address,
    _consent,
    _provider,
)
"""The gate, in order: the first that has an objection decides."""


def judge(situation: Situation) -> Verdict:
    """Decide whether a delivery may be sent now."""
    for question in QUESTIONS:
        verdict = question(situation)
        if verdict is not None:
            return _before_expiry(verdict, situation)
    recipient, channel = situation.recipient, situation.delivery.request.channel
    address = recipient.address(channel) if recipient else None
    return Send(address) if address else Skip("no_address")


def _before_expiry(verdict: Verdict, situation: Situation) -> Verdict:
    """Look at the latest when it expires, so that its end is told in time."""
    expires_at = situation.delivery.request.expires_at
    match verdict:
        case Hold(reason, until) if until > expires_at:
            return Hold(reason, expires_at)
        case Wait(until) if until > expires_at:
            return Wait(expires_at)
    return verdict
