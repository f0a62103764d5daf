"""Asks as many workers as the machine has cores, and puts together what they tell."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from hashlib import blake2b
from multiprocessing import get_context
from typing import Any, Final

import msgspec
import psutil
import uvloop

from common.clock import monotonic
from common.errors import PermanentError, TransientError
from common.kafka import KafkaLog
from common.streaming.ports import Place
from cuestream.whatif.comparing import Comparison, compare
from cuestream.whatif.folding import JOURNAL, Told, fold
from cuestream.whatif.handing import Handovers
from cuestream.whatif.question import Question
from orchestrator.consumer import INPUTS

_ALONE: Final = 20_000
"""Records that one worker folds sooner than a second one starts."""
_OBJECTS: Final = 100_000
"""Objects after which Python looks for what nobody uses: states live on, and to look at them again and again is a third of the time."""


class Answer(msgspec.Struct):
    """What a replay came to."""

    workspace: str
    playbook: str
    versions: tuple[str, ...]
    """That decided then."""
    candidate: str | None
    since: datetime | None
    until: datetime | None
    batches: int
    records: int
    timers: int
    """That fired then."""
    decisions: int
    """That were made then."""
    seconds: float
    peak_mib: float
    """Resident memory of all workers at their highest."""
    identical: bool | None = None
    """Whether all decisions were made again, byte for byte; None where a candidate decides."""
    digest_recorded: str | None = None
    digest_replayed: str | None = None
    comparison: Comparison | None = None


async def answer(log: KafkaLog, question: Question, workers: int | None = None) -> Answer:
    """Fold what the log holds, with so many processes (None: as many as are worth while), and compare.

    Raises:
        PermanentError: `no_journal`, `journal_gap`, `log_too_short`, `release_unknown`: the log does not reach back far enough.
        TransientError: the log cannot be reached.
    """
    begun = monotonic()
    workers = workers or await _workers(log)
    if workers == 1:
        with _rarely_collecting():
            told = [await fold(log, question, range(log.partitions), Handovers({}, {}))]
    else:
        told = await asyncio.to_thread(_together, log, question, workers)
    return _answer(question, told, monotonic() - begun)


def _together(log: KafkaLog, question: Question, workers: int) -> list[Told]:
    context = get_context("spawn")
    with ExitStack() as stack:
        manager = stack.enter_context(context.Manager())
        states, resting = manager.dict(), manager.dict(dict.fromkeys(range(workers), False))
        pool = stack.enter_context(ProcessPoolExecutor(workers, context))
        asked = [
            pool.submit(
                _work,
                log,
                question,
                range(worker, log.partitions, workers),
                Handovers(states, resting, worker),
            )
            for worker in range(workers)
        ]
        return [_read(one.result()) for one in asked]


def _work(log: KafkaLog, question: Question, mine: Collection[int], handovers: Handovers) -> bytes:
    """One worker's answer, or why there is none: errors with two words do not find their way between processes."""
    told: Any = None

    async def folded() -> None:
        # Given back, it would be written out for the loop's last words, which takes seconds.
        nonlocal told
        told = await fold(log, question, mine, handovers)

    try:
        with _rarely_collecting():
            uvloop.run(folded())
    except (PermanentError, TransientError) as error:
        told = _Failed(error.reason, error.detail, isinstance(error, PermanentError))
    finally:
        handovers.rests(at_all=True)
    return msgspec.msgpack.encode((told, isinstance(told, _Failed)))


class _Failed(msgspec.Struct):
    reason: str
    detail: str
    permanent: bool


def _read(answered: bytes) -> Told:
    raw, failed = msgspec.msgpack.decode(answered, type=tuple[msgspec.Raw, bool])
    if not failed:
        return msgspec.msgpack.decode(raw, type=Told)
    error = msgspec.msgpack.decode(raw, type=_Failed)
    raise (PermanentError if error.permanent else TransientError)(error.reason, error.detail)


async def _workers(log: KafkaLog) -> int:
    places = [Place(topic, p) for topic in (*INPUTS, JOURNAL) for p in range(log.partitions)]
    async with log.reader() as reader:
        bounds = await reader.bounds(places)
    if sum(bound.end - bound.begin for bound in bounds.values()) < _ALONE:
        return 1
    return min(psutil.cpu_count() or 1, log.partitions)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _answer(question: Question, told: Sequence[Told], seconds: float) -> Answer:
    live = [one for each in told for one in each.live]
    candidate = question.candidate
    answered = Answer(
        workspace=question.workspace,
        playbook=question.playbook,
        versions=tuple(sorted({one.version for one in live})),
        candidate=None if candidate is None else candidate.playbook.hash,
        since=question.since or min((t.begun_at for t in told if t.begun_at), default=None),
        until=question.until or max((t.ended_at for t in told if t.ended_at), default=None),
        batches=sum(each.batches for each in told),
        records=sum(each.records for each in told),
        timers=sum(each.timers for each in told),
        decisions=len(live),
        seconds=round(seconds, 3),
        peak_mib=round(sum(each.peak_mib for each in told), 1),
    )
    if candidate is None:
        digests = {p: pair for each in told for p, pair in each.digests.items()}
        ours, theirs = (_digest([digests[p][side] for p in sorted(digests)]) for side in (0, 1))
        answered.digest_recorded, answered.digest_replayed = ours, theirs
        answered.identical = ours == theirs
    else:
        supposed = [one for each in told for one in each.supposed]
        under_way = set().union(*(each.under_way for each in told))
        answered.comparison = compare(live, supposed, under_way)
    return answered


def _digest(parts: Sequence[str]) -> str:
    return blake2b("".join(parts).encode(), digest_size=12).hexdigest()
