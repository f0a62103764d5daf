"""What a run's visitors do, drawn from a seed: who they are, every step in order, and when it is due."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Kind = Literal["known", "visitor", "turns_up_again"]
Verb = Literal["identify", "viewed", "added", "removed", "ordered", "page", "custom", "withdrew"]

KINDS: Final[dict[Kind, int]] = {"known": 80, "visitor": 15, "turns_up_again": 5}
"""`visitor`: anonymous until a new user id claims the history. `turns_up_again`: a known user who is anonymous on another
device for a while and then says who it is: two profiles become one."""
CONSENTING, WITHDRAWING, CLICKING = 0.8, 0.06, 0.08
"""Of all: who allows mail. Of these: who takes it back by an event, and who by the link in the first mail."""
DOUBLED = 0.03
"""Messages that the client sends again, up to twice."""
PRODUCTS: Final = tuple((f"sku-{n}", 5 * n + 4) for n in range(1, 13))
"""Product and price."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with at most one user id and at most one anonymous id."""

    number: int
    kind: Kind
    run: str
    consents: bool
    clicks: bool
    """Whether the first mail's unsubscribe link is used."""

    @property
    def user(self) -> str:
        return f"{self.run}-u{self.number}"

    @property
    def anonymous(self) -> str:
        return f"{self.run}-a{self.number}"

    @property
    def email(self) -> str:
        return f"{self.run}.u{self.number}@example.com"


class Step(NamedTuple):
    """One message. A message that is sent again has the number of the first."""

    at: float
    """Seconds after the run's begin: when it happens and is due to be sent."""
    number: int
    """Of the message, unique in the run."""
    person: int
    verb: Verb
    product: int
    """Index into PRODUCTS, or a quantity of nothing."""
    as_user: bool
    as_anonymous: bool
    again: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a run."""

    run: str
    seed: int
    people: tuple[Person, ...]
    steps: tuple[Step, ...]
    """By the time at which they are due."""
    happened: tuple[float, ...]
    """When each message happened, by its number; sending it again does not change that."""

    @property
    def messages(self) -> int:
        """How many different ones there are."""
        return len(self.happened)

    def message_id(self, number: int) -> str:
        return f"{self.run}-m{number}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much a run holds, and how fast."""

    events: int
    people: int
    rate: float
    """Events a second, on average."""
    rest: float = 8.0
    """Seconds that somebody is silent now and then: longer than a cart may rest."""
    resent_after: tuple[float, float] = (1.0, 20.0)
    """Seconds until a client sends a message again."""
    kinds: Mapping[Kind, int] = field(default_factory=lambda: KINDS)
    """In which proportion they come."""


def draw(run: str, seed: int, size: Size) -> Plan:
    """The same arguments give the same plan."""
    chance = random.Random(f"{run}/{seed}")  # noqa: S311 - a script for visitors, no secret
    drawing = _Drawing(chance, size)
    people = tuple(drawing.person(number, run) for number in range(size.people))
    steps = [step for person in people for step in drawing.life(person)]
    steps.sort(key=lambda step: (step.at, step.number))
    return Plan(run, seed, people, tuple(steps), tuple(drawing.happened))


@dataclass(slots=True)
class _Drawing:
    chance: random.Random
    size: Size
    happened: list[float] = field(default_factory=list)
    cart: dict[int, int] = field(default_factory=dict)

    def person(self, number: int, run: str) -> Person:
        kind = self.chance.choices(list(self.size.kinds), list(self.size.kinds.values()))[0]
        consents = self.chance.random() < CONSENTING
        return Person(number, kind, run, consents, consents and self.chance.random() < CLICKING)

    def life(self, person: Person) -> Iterator[Step]:
        """Everything one person does, in order, and what is sent again."""
        chance, size = self.chance, self.size
        each = size.events / size.people / (1 + DOUBLED * 1.5)
        count = max(6, round(chance.gauss(each, each / 5)))
        moments = self._moments(count)
        self.cart = {}
        withdraws = count * 2 // 3 if person.consents and chance.random() < WITHDRAWING else None
        if person.clicks:
            withdraws = None
        for place, at in enumerate(moments):
            who = _who(person, place, count)
            if who.identifies:
                verb: Verb = "identify"
            elif place == withdraws and who.as_user:
                verb = "withdrew"
            else:
                verb = self._verb()
            yield from self._said(person, verb, at, who)

    def _moments(self, count: int) -> list[float]:
        gaps = [
            self.size.rest * self.chance.uniform(1.0, 1.8)
            if self.chance.random() < 1 / 15
            else self.chance.expovariate(1.5) + 0.001
            for _ in range(count)
        ]
        life, whole = sum(gaps), self.size.events / self.size.rate
        at = self.chance.uniform(0.0, max(0.0, whole - life))
        moments = []
        for gap in gaps:
            at += gap
            moments.append(at)
        return moments

    def _verb(self) -> Verb:
        dice = self.chance.random()
        if dice < 0.45:
            return "viewed"
        if dice < 0.72:
            return "added"
        if dice < 0.78 and self.cart:
            return "removed"
        if dice < 0.86 and self.cart:
            return "ordered"
        return "page" if dice < 0.95 else "custom"

    def _product(self, verb: Verb) -> int:
        """Which one, after keeping the cart in mind."""
        if verb == "removed":
            chosen = self.chance.choice(sorted(self.cart))
            self.cart[chosen] -= 1
            if not self.cart[chosen]:
                del self.cart[chosen]
            return chosen
        chosen = self.chance.randrange(len(PRODUCTS))
        if verb == "added":
            self.cart[chosen] = self.cart.get(chosen, 0) + 1
        elif verb == "ordered":
            self.cart.clear()
        return chosen

    def _said(self, person: Person, verb: Verb, at: float, who: _Who) -> Iterator[Step]:
        number = len(self.happened)
        self.happened.append(at)
        product = self._product(verb)
        step = Step(at, number, person.number, verb, product, who.as_user, who.as_anonymous)
        yield step
        if self.chance.random() < DOUBLED:
            later = at
            for _ in range(self.chance.randint(1, 2)):
                later += self.chance.uniform(*self.size.resent_after)
                # By then the client may know who it is: the same message comes with a user id, too.
                known = step.as_user or self.chance.random() < 0.5
                yield step._replace(at=later, as_user=known, again=True)


class _Who(NamedTuple):
    as_user: bool
    as_anonymous: bool
    identifies: bool = False


def _who(person: Person, place: int, count: int) -> _Who:
    """As whom the person speaks at this place of so many."""
    if person.kind == "known":
        return _Who(as_user=True, as_anonymous=False, identifies=place == 0)
    if person.kind == "visitor":
        told = count // 3
        return _Who(place >= told, place <= told, identifies=place == told)
    hidden, told = count // 3, count * 2 // 3
    if place == 0:
        return _Who(as_user=True, as_anonymous=False, identifies=True)
    if hidden <= place < told:
        return _Who(as_user=False, as_anonymous=True)
    return _Who(as_user=True, as_anonymous=place == told, identifies=place == told)
