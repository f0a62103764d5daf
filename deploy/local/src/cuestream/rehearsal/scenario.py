"""A playbook's own tests, `tests/*.yaml`: what happens to a customer, and what shall come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from common.contracts.decisions import ShelfChange, ShelfNoticed
from common.contracts.payload import Money, Payload
from common.contracts.profiles import ActivityRecorded, ConsentChanged, LeadScored, TraitsChanged
from common.customer.properties import money
from common.documents import Fields, Report, Value, parse_document
from common.ids import derive
from cuestream.rehearsal.answering import NONE, STATUSES
from cuestream.rehearsal.expecting import ERRANDS, Expected, read_expected

START: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""
CHANNELS: Final = ("email", "sms", "ads", "webhook")

Make = Callable[[datetime, int], Payload]


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happens, so long after the beginning."""

    at: timedelta
    make: Make
    """The record, given its instant and its number."""
    history: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story of one customer."""

    name: str
    file: str
    line: int
    start: datetime
    given: tuple[Moment, ...]
    expect: tuple[Expected, ...]
    until: timedelta | None
    """How long it goes on; None: until no passage waits any more."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The playbook's parameters, where they differ from the workspace's."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What becomes of calls, vouchers and audiences; where nothing is said, nobody is set up for them."""


def read_scenarios(file: str, text: str) -> tuple[Scenario, ...]:
    """All scenarios of one file.

    Raises:
        DocumentError: with all that is wrong, by line and column.
    """
    fields = parse_document(file, text).fields(
        required=["scenarios"], optional=["start", "customer", "parameters"]
    )
    report = Report()
    common = _Common(
        start=report.read(lambda: _start(fields.get("start")), START),
        customer=report.read(lambda: _customer(fields.get("customer")), ()),
        parameters=report.read(lambda: _parameters(fields.get("parameters")), {}),
    )
    found = [
        report.read(partial(_scenario, value, common), None)
        for value in fields["scenarios"].items()
    ]
    report.close()
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class _Common:
    start: datetime
    customer: tuple[Moment, ...]
    parameters: Mapping[str, str]


def _scenario(value: Value, common: _Common) -> Scenario:
    fields = value.fields(
        required=["name", "given", "expect"],
        optional=["start", "customer", "parameters", "until", "answers"],
    )
    report = Report()
    given = [report.read(partial(_moment, one), None) for one in fields["given"].items()]
    expect = [report.read(partial(read_expected, one), None) for one in fields["expect"].items()]
    moments = [moment for moment in given if moment is not None]
    until, customer, parameters = (
        fields.get("until"),
        fields.get("customer"),
        fields.get("parameters"),
    )
    scenario = Scenario(
        name=fields["name"].text(),
        file=value.file,
        line=value.finding("").line,
        start=_start(fields.get("start")) if "start" in fields else common.start,
        given=(
            *(_customer(customer) if customer is not None else common.customer),
            *sorted(moments, key=lambda moment: moment.at),
        ),
        expect=tuple(one for one in expect if one is not None),
        until=until.duration() if until is not None else None,
        parameters={**common.parameters, **_parameters(parameters)},
        answers=_answers(fields.get("answers")),
    )
    report.close()
    return scenario


def _start(value: Value | None) -> datetime:
    if value is None:
        return START
    try:
        found = datetime.fromisoformat(value.text())
    except ValueError:
        value.fail("write an instant like 2026-03-02T09:00:00+01:00")
    if found.tzinfo is None:
        value.fail("an instant has a time zone, such as +01:00")
    return found.astimezone(UTC)


def _parameters(value: Value | None) -> dict[str, str]:
    return {} if value is None else {name: one.text() for name, one in value.entries().items()}


def _answers(value: Value | None) -> dict[str, str]:
    if value is None:
        return {}
    fields = value.fields(optional=list(ERRANDS))
    return {kind: fields[kind].one_of([*STATUSES, NONE]) for kind in fields}


def _customer(value: Value | None) -> tuple[Moment, ...]:
    """Who it is before anything happens."""
    if value is None:
        return ()
    fields = value.fields(optional=["consents", *_TRAITS])
    consents = fields.get("consents")
    granted = consents.one_or_more() if consents is not None else []
    return (
        Moment(timedelta(), partial(_traits, _traits_of(fields))),
        *(
            Moment(timedelta(), partial(_consent, *_consented(one), granted=True))
            for one in granted
        ),
    )


def _moment(value: Value) -> Moment:
    fields = value.fields(required=["at"], optional=["history", *_KINDS, *_MORE])
    kinds = [name for name in _KINDS if name in fields]
    if len(kinds) != 1:
        value.fail(f"what happens is one of {', '.join(_KINDS)}")
    history = fields.get("history")
    return Moment(
        fields["at"].duration(),
        _KINDS[kinds[0]](fields),
        history.boolean() if history is not None else False,
    )


def _event(fields: Fields) -> Make:
    properties, happened = fields.get("properties"), fields.get("happened")
    name = fields["event"].text()
    values = properties.plain() if properties is not None else {}
    earlier = happened.duration() if happened is not None else timedelta()

    def make(now: datetime, number: int) -> Payload:
        event_id = derive("rehearsal", "event", number)
        return ActivityRecorded(
            event_id=event_id,
            name=name,
            source="rehearsal",
            message_id=str(event_id),
            occurred_at=now - earlier,
            received_at=now,
            profile_version=1,
            properties=values,
        )

    return make


def _shelf(change: ShelfChange, fields: Fields) -> Make:
    product, said = fields[change].text(), fields.get("properties")
    prices = said.fields(optional=["from", "to"]) if said is not None else None
    before, after = (_price(prices.get(name) if prices else None) for name in ("from", "to"))
    return lambda _now, number: ShelfNoticed(
        change=change, product_id=product, version=number, price=after, before=before
    )


def _price(value: Value | None) -> Money | None:
    return None if value is None else money(value.number(), "EUR")


def _scored(fields: Fields) -> Make:
    score = fields["score"].integer()
    return lambda _now, _number: LeadScored(
        score=score, previous_score=None, grade="", reasons=(), model_version="rehearsal"
    )


def _consent_moment(fields: Fields) -> Make:
    granted = fields.get("granted")
    return partial(
        _consent,
        *_consented(fields["consent"]),
        granted=granted.boolean() if granted is not None else True,
    )


def _consent(channel: str, purpose: str, now: datetime, number: int, *, granted: bool) -> Payload:
    return ConsentChanged(
        profile_version=number,
        channel=channel,
        purpose=purpose,
        granted=granted,
        basis="opt_in",
        since=now,
        proof_id=derive("rehearsal", "proof", number),
    )


def _consented(value: Value) -> tuple[str, str]:
    channel, _, purpose = value.text().partition(".")
    if channel not in CHANNELS or not purpose:
        value.fail("a consent is a channel and a purpose, such as email.marketing")
    return channel, purpose


def _traits_moment(fields: Fields) -> Make:
    return partial(_traits, _traits_of(fields["traits"].fields(optional=list(_TRAITS))))


def _traits(traits: Mapping[str, Any], _now: datetime, number: int) -> Payload:
    return TraitsChanged(profile_version=number, **traits)


def _traits_of(fields: Fields) -> dict[str, Any]:
    return {name: read(fields[name]) for name, read in _TRAITS.items() if name in fields}


def _channels(value: Value) -> tuple[str, ...]:
    return tuple(channel.one_of(CHANNELS) for channel in value.one_or_more())


_TRAITS: Final[Mapping[str, Callable[[Value], Any]]] = {
    "birthday": Value.text,
    "locale": Value.text,
    "time_zone": Value.text,
    "country": Value.text,
    "reachable": _channels,
}
_KINDS: Final[Mapping[str, Callable[[Fields], Make]]] = {
    "event": _event,
    "score": _scored,
    "price_drop": partial(_shelf, "price_drop"),
    "back_in_stock": partial(_shelf, "back_in_stock"),
    "consent": _consent_moment,
    "traits": _traits_moment,
}
_MORE: Final = ("properties", "happened", "granted")
