"""What must hold when a schedule has come to rest, whatever happened before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from common.clock import EPOCH
from common.consuming import Record, TimerDue
from common.contracts import load_topics
from common.contracts.ingestion import EventAccepted
from common.contracts.merging import ProfileHandedOver
from common.contracts.profiles import ProfileMerged
from common.merging import Kept
from common.streaming.ports import Place
from common.testing.postgres import PROFILES
from tests.simulation.replaying import Replay, Step, Told, journal_of, merged
from tests.simulation.schedule import PARTITIONS
from tests.simulation.services import (
    ACTIVITY,
    FAMILIES,
    HANDOVER,
    PROFILE_IDS,
    RESOLVE,
    SCORES,
    SCORING,
    Family,
    Tally,
    family_of,
    fold_accepted,
    micros,
    profile_of,
    scoring_handlers,
)
from tests.simulation.world import World

_TOPICS = load_topics(PARTITIONS)
_UNSEQUENCED = frozenset(topic.name for topic in _TOPICS if not topic.sequenced)


def violations(world: World) -> list[str]:
    """Every broken promise, in words; none when all is well."""
    resolve, scoring = _replay_of(world, RESOLVE), _replay_of(world, SCORING)
    wrong = [*world.broken, *resolve.wrong, *scoring.wrong]
    if wrong:
        return wrong
    wrong += [*_states(world, resolve, scoring), *_put_aside(world, resolve, scoring)]
    commands = {s.message for s in world.schedule.sendings if s.kind == "command"}
    wrong += _timely(scoring.steps, commands)
    wrong += _output(world, scoring, (SCORES, HANDOVER))
    if world.log.lost is None:
        wrong += _output(world, resolve, (ACTIVITY,))
        wrong += _counted(world, resolve, scoring)
    return wrong


def _replay_of(world: World, loop: str) -> Replay:
    """Fold the loop's inputs along its journal, and hold the journal against the database."""
    replay = Replay(
        loop=loop,
        records={EventAccepted.TYPE: fold_accepted}
        if loop == RESOLVE
        else scoring_handlers(world.schedule.silence).records,
        timer=scoring_handlers(world.schedule.silence).timer,
        key_of=family_of if loop == RESOLVE else profile_of,
        history=world.log.history,
        unsequenced=_UNSEQUENCED,
    )
    journals = {}
    for partition in range(PARTITIONS):
        topic = loop.split(".", 1)[0] + ".journal"
        batches, wrong = journal_of(world.log.history, world.log.order, topic, partition)
        journals[partition] = batches
        replay.wrong += wrong
        committed = world.database.tables["partitions", loop].get(partition, (0, 0))[1]
        if len(batches) != committed:
            replay.wrong.append(f"{topic}/{partition} tells {len(batches)} of {committed} batches")
    for batch in merged(journals):
        replay.batch(batch)
    return replay


def _states(world: World, resolve: Replay, scoring: Replay) -> list[str]:
    """The state of each profile is the sequential fold in journal order, and so are the timers."""
    tables = world.database.tables
    profiles = {
        key.profile_id: (msgspec.json.decode(state, type=Kept[Tally]), now)
        for key, (now, _, state) in tables[PROFILES].items()
    }
    timers = {
        (partition, *key): timer.due_at
        for partition in range(PARTITIONS)
        for key, timer in tables["timers", SCORING, partition].items()
    }
    wrong = _differences("state of resolve", tables[FAMILIES], resolve.states)
    wrong += _differences("state of scoring", profiles, scoring.states)
    due = {key: timer.due_at for key, timer in scoring.timers.items()}
    return wrong + _differences("timer", timers, due)


def _differences(what: str, found: dict[Any, Any], wanted: dict[Any, Any]) -> list[str]:
    return [
        f"{what} of {key} is {found.get(key)}, not {wanted.get(key)}"
        for key in {**found, **wanted}
        if found.get(key) != wanted.get(key)
    ]


def _output(world: World, replay: Replay, topics: Sequence[str]) -> list[str]:
    """What a reader takes of each topic is what was said, byte for byte, once, in order, after its journal record."""
    wrong: list[str] = []
    for partition in range(PARTITIONS):
        origin = f"{replay.loop}/{partition}/{world.database.incarnation}".encode()
        told: defaultdict[Place, list[Told]] = defaultdict(list)
        for item in replay.told[partition]:
            target = world.log.partition_for(item.effect.topic, item.effect.key.encode())
            told[Place(item.effect.topic, target)].append(item)
        for topic in topics:
            for number in range(PARTITIONS):
                place = Place(topic, number)
                wrong += _compared(world, place, origin, told[place])
    return wrong


def _compared(world: World, place: Place, origin: bytes, told: Sequence[Told]) -> Iterable[str]:
    count = 0
    for item in world.log.history[place]:
        if item.headers.get("origin") != origin or int(item.headers["sequence"]) <= count:
            continue
        count += 1
        if int(item.headers["sequence"]) != count or count > len(told):
            yield f"{place}@{item.offset} has sequence {item.headers['sequence']!r}, not {count}"
            return
        effect, batch = told[count - 1]
        if item.value != effect.value or _accepted(item.headers) != effect.accepted_at:
            yield f"{place}@{item.offset} is not what batch {batch.entry.batch} led to"
        if world.log.order[place, item.offset] < batch.rank:
            yield f"{place}@{item.offset} came before its journal record"
    if count < len(told):
        yield f"{place} has {count} of {len(told)} records of {origin!r}"


def _accepted(headers: Any) -> Any:
    return EPOCH + timedelta(microseconds=int(headers["accepted"]))


def _put_aside(world: World, resolve: Replay, scoring: Replay) -> list[str]:
    """The quarantines hold exactly the poison."""
    found = {
        (
            item.headers["origin_topic"].decode(),
            int(item.headers["origin_partition"]),
            int(item.headers["origin_offset"]),
            item.headers["reason"].decode(),
        )
        for place, items in world.log.history.items()
        if place.topic.endswith(".quarantine")
        for item in items
    }
    wanted = resolve.failed | scoring.failed
    wrong = [f"{item} is in the quarantine" for item in sorted(found - wanted)]
    wrong += [f"{item} is not in the quarantine" for item in sorted(wanted - found)]
    kinds = Counter(sending.kind for sending in world.schedule.sendings)
    if len(resolve.failed) != kinds["garbage"] + kinds["bad"]:
        wrong.append(f"resolve put aside {sorted(resolve.failed)}")
    return wrong


def _counted(world: World, resolve: Replay, scoring: Replay) -> list[str]:
    """Each event is in the states once, at the profile that did it or that this one has become."""
    sent = {s.message: s for s in world.schedule.sendings if s.kind not in ("garbage", "bad")}
    resolved = {message for message, s in sent.items() if s.kind != "command"}
    families: list[Family] = [state for state, _ in resolve.states.values()]
    seen = Counter(message for family in families for message in family.seen)
    wrong = [f"resolve took {m} {n} times" for m, n in seen.items() if n != 1 or m not in resolved]
    wrong += [f"resolve never took {message}" for message in resolved - seen.keys()]
    if world.schedule.late_start:
        return wrong  # of what was trimmed before it began, the replay knows
    into = {loser: winner for family in families for loser, winner in family.into.items()}
    wanted = Counter(
        (message, PROFILE_IDS[Family(into=into).root(sending.profile)])
        for message, sending in sent.items()
        if sending.kind in ("did", "command")
    )
    found: Counter[tuple[str, Hashable]] = Counter()
    for profile, (kept, _) in scoring.states.items():
        if kept.awaits or kept.held:
            wrong.append(f"{profile} still waits: {kept}")
        if kept.state is not None:
            found.update((message, profile) for _, message in kept.state.did)
    return wrong + _differences("count", dict(found), dict(wanted))


def _timely(steps: Sequence[Step], commands: Collection[str]) -> list[str]:
    """No timer fired before an event that was accepted before it was due; commands did not come through resolve."""
    fired: defaultdict[Hashable, list[TimerDue]] = defaultdict(list)
    merges: defaultdict[Hashable, dict[str, int]] = defaultdict(dict)
    wrong = []
    for step in steps:
        signal = step.signal
        if isinstance(signal, TimerDue):
            if len(_tally(step.after).silences) > len(_tally(step.before).silences):
                fired[step.key].append(signal)
            continue
        if signal.event.type == ProfileMerged.TYPE:
            merge = signal.event.payload(ProfileMerged)
            merges[str(merge.winner)][str(merge.loser)] = micros(signal.accepted_at)
        known = set(_tally(step.before).did)
        since = _since(signal, merges)
        for accepted, message in _tally(step.after).did:
            late = [
                timer for timer in fired[step.key] if max(accepted, since) < micros(timer.due_at)
            ]
            if late and (accepted, message) not in known and message not in commands:
                wrong.append(f"{late[0]} fired before {message}, accepted before it was due")
    return wrong


def _since(signal: Record, merges: Any) -> int:
    """Since when what a record brings belongs to the profile: a handover's since the merge."""
    if signal.event.type != ProfileHandedOver.TYPE:
        return 0
    loser = str(signal.event.payload(ProfileHandedOver).loser)
    since: int = merges[signal.event.subject].get(loser, 1 << 62)
    return since


def _tally(kept: Kept[Tally] | None) -> Tally:
    return Tally() if kept is None or kept.state is None else kept.state
