"""Whatever the order in which one person's messages are folded, and however often: one person, known by the same things.

Permuted is all that partitions, retries and slow phones permute: messages under any of the person's ids, from devices whose
clocks are wrong, of any age, those that tell that the ids are one person's among them; and each may come again as it was.
Consents go by receipt, so they keep their places and all else moves around them; each purpose is spoken of under one name.

Compared up to the profile's own id, which is that of the first name heard of, and its version, which counts the changes on the
way. What goes by arrival, by rule: whose a device is on which several people log in; and what was refused under one name and
given under another before they were known to be one person's, for then the refusal stands. So of consents that are permuted, too,
holds only that no order lets anybody be written to who would not be, had it been one person from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from common.consuming import Record
from common.contracts.profiles import ActivityRecorded, ConsentChanged, ContactChanged
from ingest.domain.people import FieldRule, KindRule, Profile, Rules
from services.ingest.tests.making import NOW, Shop, accepted

SECOND = timedelta(seconds=1)
RULES = Rules(
    kinds={"card": KindRule(single=True), "email": KindRule(), "phone": KindRule()},
    registers=frozenset({"crm"}),
    golden={
        "email": FieldRule("never_emptied"),
        "phone": FieldRule("priority", ("crm", "shop")),
        "birthday": FieldRule("most_restrictive"),
    },
)
DEVICES = ("phone", "tablet", "laptop")
SKEW = {
    "phone": timedelta(hours=3),
    "tablet": timedelta(days=-400),
    "laptop": timedelta(),
    None: timedelta(),
}
TIES: tuple[dict[str, Any], ...] = (
    *({"type": "identify", "userId": "ada", "anonymousId": device} for device in DEVICES),
    {"type": "alias", "userId": "ada", "previousId": "ada.l"},
    {
        "type": "identify",
        "userId": "ada",
        "context": {"externalIds": [{"type": "card", "id": "7"}]},
    },
    {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}},
    {"type": "identify", "userId": "crm:1", "traits": {"email": "ada@example.com"}},
)
"""What makes all these names one person's, sooner or later."""


@dataclass(frozen=True)
class Message:
    """A message as somebody sent it, that long before `NOW`."""

    number: int
    body: dict[str, Any]
    ago: timedelta = timedelta()
    source: str = "shop"

    def received(self, second: int) -> Record:
        at = NOW + second * SECOND
        skew = SKEW[self.body.get("anonymousId")]
        stamps = {
            "timestamp": (NOW - self.ago + skew).isoformat(),
            "sentAt": (at + skew).isoformat(),
        }
        return accepted(
            {**self.body, **stamps},
            received_at=at,
            message_id=f"m{self.number}",
            sent_by=self.source,
        )


who = st.one_of(
    st.sampled_from(DEVICES).map(lambda device: {"anonymousId": device}),
    st.sampled_from(["ada", "ada.l", "crm:1"]).map(lambda user: {"userId": user}),
    st.sampled_from(DEVICES).map(lambda device: {"userId": "ada", "anonymousId": device}),
)
traits = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["ada@example.com", "ada@home.example", None]),
        "phone": st.sampled_from(["+491701234567", "+491707654321", None]),
        "firstName": st.sampled_from(["Ada", "Adele", None]),
        "locale": st.sampled_from(["de", "en"]),
        "birthday": st.sampled_from(["1990-01-01", "2001-01-01"]),
    },
)
hints = st.fixed_dictionaries({}, optional={"locale": st.sampled_from(["fr", "nl"])})
company = st.fixed_dictionaries(
    {"name": st.sampled_from(["Nordlicht", "Nordlicht AG"])},
    optional={"salesRepresentative": st.sampled_from(["Ole", "Ida"])},
)
bodies = st.one_of(
    st.builds(lambda ids, said: {"type": "identify", "traits": said, **ids}, who, traits),
    st.builds(
        lambda ids, hint: {"type": "track", "event": "Looked", "context": hint, **ids}, who, hints
    ),
    st.builds(
        lambda ids, name, said: {"type": "group", "groupId": name, "traits": said, **ids},
        who,
        st.sampled_from(["g1", "g2"]),
        company,
    ),
)
ages = st.one_of(
    st.integers(0, 5).map(lambda n: n * SECOND), st.timedeltas(timedelta(), timedelta(days=700))
)
said = st.lists(st.tuples(bodies, ages, st.sampled_from(["shop", "crm", "web"])), max_size=7)

NAMED: dict[tuple[str, str], dict[str, str]] = {
    ("email", "marketing"): {"userId": "ada"},
    ("sms", "marketing"): {"anonymousId": "phone"},
    ("email", "profiling"): {"userId": "crm:1"},
}
words = st.sampled_from(["Granted", "Withdrawn", "Requested", "Confirmed"])
consents = st.lists(st.tuples(words, st.sampled_from(sorted(NAMED))), max_size=5)


def consent(word: str, about: tuple[str, str], ids: dict[str, str]) -> dict[str, Any]:
    properties = dict(zip(("channel", "purpose"), about, strict=True))
    return {"type": "track", "event": f"Consent {word}", "properties": properties, **ids}


Arrivals = list[tuple[int, Message]]
"""Which message is received in which second."""


@st.composite
def cases(draw: st.DrawFn) -> tuple[Arrivals, Arrivals]:
    """The same messages twice: each once, and in another order with repetitions; consents every ten seconds."""
    bodies = [*((tie, timedelta(), "shop") for tie in TIES), *draw(said)]
    others = [Message(number, *one) for number, one in enumerate(bodies)]
    repeated = draw(st.lists(st.sampled_from(others), max_size=4))
    fixed = [
        (10 * n, Message(100 + n, consent(word, about, NAMED[about]), -10 * n * SECOND))
        for n, (word, about) in enumerate(draw(consents), start=1)
    ]
    free = [second for second in range(61) if second % 10]
    slots = draw(st.permutations(free))
    once = [*fixed, *zip(free, others, strict=False)]
    shuffled = [*fixed, *zip(slots, [*others, *repeated], strict=False)]
    return once, shuffled


def folded(arrivals: Arrivals) -> Shop:
    shop = Shop(rules=RULES)
    for second, message in sorted(arrivals, key=lambda one: one[0]):
        shop.folds(message.received(second))
    return shop


def the_one(shop: Shop) -> Profile:
    """The person, to whom everything leads."""
    people = shop.people
    [(name, profile)] = [one for one in people.profiles.items() if one[1].merged_into is None]
    assert {people.owner(one) for one in people.identities} == {name}
    assert {people.root(one) for one in people.profiles} == {name}
    return profile


def known(shop: Shop) -> object:
    """Who is who, and what is known of the person and the companies."""
    one = the_one(shop)
    return (
        frozenset(shop.people.identities),
        one.claimed,
        one.known_in,
        one.golden,
        one.snapshot.consents,
        one.asked,
        one.accounts,
        dict(shop.people.accounts),
    )


@given(cases())
@settings(max_examples=150, deadline=None)
def test_any_order_and_repetition_makes_the_same_person(case: tuple[Arrivals, Arrivals]) -> None:
    once, shuffled = map(folded, case)

    assert known(shuffled) == known(once)


def happenings(shop: Shop) -> dict[UUID, tuple[object, ...]]:
    """What others are told that the person did, each once and of a profile that is the person."""
    told = [one for one in shop.told if isinstance(one.payload, ActivityRecorded)]
    payloads = [cast("ActivityRecorded", one.payload) for one in told]
    assert len({one.event_id for one in payloads}) == len(payloads)
    assert {UUID(one.subject) for one in told} <= set(shop.people.profiles)
    return {one.event_id: (one.name, one.source, one.occurred_at) for one in payloads}


@given(cases())
@settings(max_examples=80, deadline=None)
def test_everything_the_person_did_is_told_once_as_of_when_it_happened(
    case: tuple[Arrivals, Arrivals],
) -> None:
    once, shuffled = map(folded, case)

    assert happenings(shuffled) == happenings(once)


@given(cases())
@settings(max_examples=80, deadline=None)
def test_what_others_were_told_last_is_how_the_person_stands(
    case: tuple[Arrivals, Arrivals],
) -> None:
    shop = folded(case[1])
    stands = the_one(shop)
    told = [one.payload for one in shop.told]
    snapshots = [one for one in told if isinstance(one, ContactChanged) and not one.merged_into]
    consented = {
        (one.channel, one.purpose): one.granted for one in told if isinstance(one, ConsentChanged)
    }

    assert max(snapshots, key=lambda one: one.profile_version) == stands.snapshot
    assert consented == {
        (one.channel, one.purpose): one.granted for one in stands.snapshot.consents
    }


wills = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([{"userId": "ada"}, {"anonymousId": "phone"}, {"userId": "crm:1"}]),
        st.integers(0, 20),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda will: will[2],
)


def granted(shop: Shop) -> bool:
    return any(one.granted for one in the_one(shop).standing_consents)


@given(wills, st.data())
@settings(max_examples=200, deadline=None)
def test_no_order_of_arrival_lets_anybody_be_written_to_who_would_not_be_otherwise(
    said: list[tuple[bool, dict[str, str], int, int]], data: st.DataObject
) -> None:
    """Permuted is when each is folded; when it was received is told by the edge and stays."""

    def message(number: int, *, one_name: bool) -> tuple[int, Message]:
        yes, ids, second, late = said[number]
        name = {"userId": "ada"} if one_name else ids
        body = consent("Granted" if yes else "Withdrawn", ("email", "marketing"), name)
        return second, Message(100 + number, body, (late - second) * SECOND)

    plain = folded([message(number, one_name=True) for number in range(len(said))])
    ties = [(20 + n, Message(n, tie)) for n, tie in enumerate(TIES)]
    words = [message(number, one_name=False) for number in range(len(said))]
    shop, now = Shop(rules=RULES), NOW
    for second, one in data.draw(st.permutations([*ties, *words])):
        record = one.received(second)
        now = max(now, record.accepted_at)
        shop.folds(replace(record, accepted_at=now))

    assert granted(plain) or not granted(shop)
