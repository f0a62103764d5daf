"""The three one-shots of every service: `replay`, `recover` and `backup-check`, each with one JSON line as its answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal, TypeGuard, TypeVar

import msgspec

from common import kafka
from common.errors import PermanentError
from common.kafka.log import KafkaLog
from common.postgres import Database, migrate
from common.recovery.checking import check_backup
from common.recovery.recovering import recover
from common.recovery.replaying import replay
from common.recovery.subject import Subject
from common.settings import RecoverySettings

S = TypeVar("S")

Task = Literal["replay", "recover", "backup-check"]
TASKS: tuple[Task, ...] = ("replay", "recover", "backup-check")


def is_task(word: str) -> TypeGuard[Task]:
    """Whether it names one of the one-shots."""
    return word in TASKS


class FindingError(Exception):
    """The answer says what was found; the exit code says that something was."""


async def run_task(
    task: Task, settings: RecoverySettings, subject_of: Callable[[KafkaLog], Subject[S]]
) -> None:
    """Do it, write the answer to standard output.

    Raises:
        FindingError: the answer is not good.
        PermanentError, TransientError: there is none.
    """
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(kafka.connect(settings, client=task))
        subject = subject_of(log)
        if task == "replay":
            await migrate(f"{subject.service}.migrations", settings.database_url)

        async def connect(url: str) -> Database:
            return await stack.enter_async_context(
                Database.connect(
                    url, schema=subject.service, application_name=f"cuestream {task}", connections=4
                )
            )

        database = await connect(settings.database_url)
        if task == "recover":
            answer: object = await recover(subject, log, database)
            good = True
        elif task == "backup-check":
            check = await check_backup(subject, log, database)
            answer, good = check, check.good
        else:
            url = settings.beside_database_url
            if url == settings.database_url:
                raise PermanentError("not_empty", "a replay needs a database of its own")
            beside = None if url is None else await connect(url)
            replayed = await replay(subject, log, database, beside)
            answer, good = replayed, replayed.good
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.flush()
    if not good:
        raise FindingError(task)
