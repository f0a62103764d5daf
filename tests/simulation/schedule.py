"""What a seed decides before anything runs: who sends what and when, how many owners there are, what may go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

PARTITIONS = 2
PROFILES = 6
FAMILY = 3
"""Profiles 0–2 and 3–5 may become one person among themselves."""

KINDS = (
    "crash",  # a process is killed, also with requests and commits on the way
    "pause",  # it is stopped and comes back, in or outside of its session, also inside a transaction
    "stop",  # it is told to stop, as by a rolling restart
    "rebalance",  # partitions change hands, and not everybody hears of it at once
    "publish",  # a batch or its acknowledgement is lost, is late, or only a part of it arrives
    "commit",  # a commit or its answer is lost, or happens when nobody expects it any more
    "database",  # a statement fails, a backend is ended
    "kafka",  # a poll or a look at the bounds fails
    "trim",  # retention takes what everybody has read
)
"""The families of faults; each schedule draws some of them, so that rare combinations are not always drowned by others."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A client's request, appended by an edge to a raw partition at that second."""

    at: float
    partition: int
    message: str
    kind: str
    """`did`, `merge`, `command` (said to scoring under a name that may be old by then), or poison: `garbage` (no event),
    `bad` (resolve's fold raises), `sick` (scoring's does)."""
    profile: int
    other: int = 0
    """Of a merge: the winner."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One small history; with its seed's other draws it makes one run."""

    seed: int
    sendings: tuple[Sending, ...]
    owners: tuple[int, int]
    """Processes of resolve and of scoring."""
    kinds: frozenset[str]
    rate: float
    """How likely each statement and request meets a fault."""
    faults: int
    """So many at most."""
    batch: int
    wait: float
    tick: float
    silence: float
    """Seconds after its last activity at which a profile's timer is due."""
    late_start: float
    """When scoring is deployed first; what is in its inputs may be trimmed by then."""
    lost: int
    """The n-th record that resolve publishes is acknowledged and lost: a broker that lies; 0: none."""

    restore: tuple[float, float] | None
    """When a backup is made, and when all is stopped to put it in the database's place."""

    @property
    def end(self) -> float:
        """From here on nothing fails any more."""
        last = max(sending.at for sending in self.sendings)
        return max(last, self.late_start) + 1.5


def drawn_from(seed: int, what: str) -> Random:
    """One of a seed's sources of chance."""
    return Random(f"{what} {seed}")  # noqa: S311 - the same every time is the point


def schedule_of(seed: int) -> Schedule:
    """Draw everything that does not depend on how the run goes."""
    random = drawn_from(seed, "schedule")
    span = random.choice((0.5, 1.5, 3.0))
    sendings = _sendings(random, span)
    lost = random.randint(1, 4) if random.random() < 0.04 else 0
    # Not with merges: a winner whose loser's word was trimmed waits for it for ever, as is known.
    merges = any(sending.kind == "merge" for sending in sendings)
    late = random.random() < 0.15 and not merges and not lost
    chosen = [kind for kind in KINDS if random.random() < 0.4]
    return Schedule(
        seed=seed,
        sendings=sendings,
        owners=(random.choice((1, 1, 1, 2)), random.choice((1, 1, 2, 2, 2, 3))),
        kinds=frozenset(chosen or [random.choice(KINDS)]) if not lost else frozenset(),
        rate=random.choice((0.005, 0.02, 0.05)),
        faults=random.randint(1, 6),
        batch=random.choice((1, 2, 4, 500)),
        wait=random.choice((0.7, 2.0)),
        tick=random.choice((1.0, 2.0, 3.0)),
        silence=random.choice((0.1, 0.4, 0.8)),
        late_start=random.uniform(0.5, span + 1.0) if late else 0.0,
        lost=lost,
        restore=_restore(random, span) if not lost and random.random() < 0.03 else None,
    )


def _restore(random: Random, span: float) -> tuple[float, float]:
    backed_up = random.uniform(0.0, span)
    return backed_up, backed_up + random.uniform(0.0, 2.0)


def _sendings(random: Random, span: float) -> tuple[Sending, ...]:
    poisoned, merging = random.random() < 0.3, random.random() < 0.35
    profiles = random.choice((1, 2, PROFILES))
    drawn: list[Sending] = []
    for number in range(random.randint(2, 7)):
        at, partition = random.uniform(0.0, span), random.randrange(PARTITIONS)
        profile = random.randrange(profiles)
        repeatable = [sending for sending in drawn if sending.kind != "command"]
        if repeatable and random.random() < 0.15:
            again = random.choice(
                repeatable
            )  # a client that got no answer sends the same once more
            place = again.partition if random.random() < 0.5 else partition
            at = again.at + random.uniform(0.0, 1.0)
            drawn.append(Sending(at, place, again.message, again.kind, again.profile, again.other))
            continue
        kind, other = "did", 0
        if merging and random.random() < 0.35:
            kind, other = "merge", _relative(random, profile)
        elif merging and random.random() < 0.4:
            kind, at = "command", random.uniform(0.0, span + 3.0)
        elif poisoned and random.random() < 0.3:
            kind = random.choice(("garbage", "bad", "sick"))
        drawn.append(Sending(at, partition, f"m{number}", kind, profile, other))
    return tuple(sorted(drawn, key=lambda sending: sending.at))


def _relative(random: Random, profile: int) -> int:
    first = profile // FAMILY * FAMILY
    return first + (profile - first + random.randint(1, FAMILY - 1)) % FAMILY
