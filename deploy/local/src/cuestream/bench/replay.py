"""`bench replay`: what `orchestrator consume` did with 26 playbooks in force, folded again with a candidate and as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from common.clock import EPOCH, monotonic
from common.configuration import content_of
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.profiles import ConsentChanged, TraitsChanged
from common.ids import derive
from common.postgres import Database
from common.recovery.history import Releases
from common.streaming.ports import Outgoing, Place
from cuestream.bench.backlog import BEGUN, PROFILES, Backlog, people
from cuestream.bench.figures import Case, Effort, Report, Round, case_of, cpu_seconds, machine
from cuestream.bench.grounds import Grounds, Party, grounds, party
from cuestream.bench.journeys import CONSUME, EXPECTED
from cuestream.bench.load import Volley
from cuestream.bench.pending import state
from cuestream.bench.repertoire import SHOPS, playbooks
from cuestream.bench.shoppers import NAMES
from cuestream.bench.sides import WORKSPACE
from cuestream.bench.small import INPUT
from cuestream.failures import FindingError
from cuestream.whatif import Answer, Candidate, Question, Wish, answer, choose

_ASKED = "p0000"
"""The playbook of carts."""
_WAITS, _WAITS_LESS = "{for: 30m,", "{for: 10m,"
_DAY = timedelta(days=1)
_AHEAD = timedelta(minutes=1)
_LOT = 500
_DONE = """
SELECT coalesce((SELECT sum(next_offset) FROM positions WHERE topic = 'profile.activity'), 0)::bigint AS read,
  EXISTS (SELECT FROM outbox) OR EXISTS (SELECT FROM timers WHERE due_at < $1) AS busy
"""


async def run(_: Path, effort: Effort) -> Report:
    """Measure on brokers of its own, or those that the environment names.

    Raises:
        FindingError: the same playbooks decide otherwise now, or something is not done in time.
        UnreachableError: Kafka, PostgreSQL or the consumer does not start.
    """
    with grounds() as on:
        return await measure(on, effort)


async def measure(
    on: Grounds,
    effort: Effort,
    *,
    profiles: int = PROFILES,
    expected: int = EXPECTED,
    workers: int | None = None,
) -> Report:
    """As `run`, on these brokers; `expected` is the rate for which a round's events are laid out."""
    contents = playbooks(SHOPS)
    async with party(on, "live", CONSUME, _strangers, contents) as side:
        past = _Past(side, effort, Backlog(profiles, on.partitions, names=NAMES), profiles)
        lived = await past.made(int(effort.seconds * expected))
        side.process.park()
        async with side.log.reader() as reader:
            was = choose(Wish(_ASKED), await Releases.read(reader))
        files = {**contents[0].files}
        files["journey.yaml"] = files["journey.yaml"].replace(_WAITS, _WAITS_LESS)
        supposed = Question(WORKSPACE, _ASKED, Candidate(content_of("playbook", _ASKED, files)))
        cases = [
            await _replayed("candidate", side, effort, supposed, lived, workers),
            await _replayed("as-it-was", side, effort, was, lived, workers),
        ]
        side.process.go()
    return Report("replay", tuple(cases), machine())


async def _strangers(_: Database) -> None:
    """Nobody is known: whatever is in a state has to be on the log."""


class _Past:
    def __init__(self, side: Party, effort: Effort, backlog: Backlog, profiles: int) -> None:
        self._side = side
        self._effort = effort
        self._backlog = backlog
        self._profiles = profiles
        self._laid = 0
        self._seconds = 0.0

    async def made(self, events: int) -> Round:
        """Everybody is introduced, so many events a round come, then a day passes; what all of it took."""
        introduced = _introduced(self._profiles, self._backlog.partitions)
        await self._worked_off("introductions", introduced)
        for number in range(1, self._effort.rounds + 1):
            await self._worked_off(f"round {number}", self._backlog.take(events))
        begun = monotonic()
        await state(self._side, BEGUN + _DAY)
        await self._side.until("what was due", self._through(BEGUN + _DAY - _AHEAD))
        self._seconds += monotonic() - begun
        used = cpu_seconds(self._side.process.pid)
        return Round(self._laid, Volley(seconds=self._seconds), used)

    async def _worked_off(self, name: str, places: dict[Place, list[Outgoing]]) -> None:
        self._side.process.park()
        before = self._laid
        await self._lay(places)
        begun = monotonic()
        self._side.process.go()
        await self._side.until(name, self._through())
        seconds = monotonic() - begun
        self._seconds += seconds
        self._effort.say(f"live · {name} · {(self._laid - before) / seconds:,.0f} events/s")

    async def _lay(self, places: dict[Place, list[Outgoing]]) -> None:
        for place, records in places.items():
            for first in range(0, len(records), _LOT):
                await self._side.lay(place, records[first : first + _LOT])
            self._laid += len(records)

    def _through(self, due: datetime = BEGUN) -> Callable[[], Awaitable[bool]]:
        """Everything is read and told, and no timer is left that is due before that instant."""

        async def look() -> bool:
            row = await self._side.database.fetchrow(_DONE, due)
            return row is not None and row["read"] >= self._laid and not row["busy"]

        return look


async def _replayed(
    name: str,
    side: Party,
    effort: Effort,
    question: Question,
    lived: Round,
    workers: int | None,
) -> Case:
    """Whatever the log holds is folded each time, from its begin."""
    done: list[Round] = []
    peak = 0.0
    for number in range(1, effort.rounds + 1):
        cpu = _cpu_with_workers()
        answered = await answer(side.log, question, workers)
        used = _cpu_with_workers() - cpu
        _check(answered)
        done.append(Round(answered.records, Volley(seconds=answered.seconds), used))
        peak = max(peak, answered.peak_mib)
        effort.say(f"{name} · round {number} · {done[-1].rate:,.0f} events/s")
    return case_of(name, "events/s", done, [lived] * effort.rounds, peak)


def _check(answered: Answer) -> None:
    if answered.identical is False:
        raise FindingError("Folded again, the same playbook decided otherwise.")
    if not answered.decisions:
        raise FindingError("Nothing was decided: there was nothing to fold again.")


def _cpu_with_workers() -> float:
    """CPU time of this process and of those that it waited for."""
    times = psutil.Process().cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _introduced(profiles: int, partitions: int) -> dict[Place, list[Outgoing]]:
    """Everybody may be written to."""
    places: dict[Place, list[Outgoing]] = {}
    for partition, profile in people(profiles, partitions):
        traits = TraitsChanged(
            profile_version=1, locale="en", time_zone=None, country="DE", reachable=("email",)
        )
        consent = ConsentChanged(
            profile_version=2,
            channel="email",
            purpose="marketing",
            granted=True,
            basis="opt_in",
            since=BEGUN,
            proof_id=profile,
        )
        records = places.setdefault(Place(INPUT, partition), [])
        records += [_said(one, str(profile)) for one in (traits, consent)]
    return places


def _said(payload: Payload, subject: str) -> Outgoing:
    identity = derive("bench", payload.TYPE, subject)
    event = encode_event(
        payload,
        id=identity,
        source="/bench",
        subject=subject,
        time=BEGUN,
        workspace=WORKSPACE,
        correlationid=identity,
    )
    accepted = b"%d" % ((BEGUN - EPOCH) // timedelta(microseconds=1))
    return Outgoing(subject.encode(), event_bytes(event), {"accepted": accepted})
