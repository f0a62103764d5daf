"""The log, for commands that read topics themselves."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.errors import CuestreamError
from common.kafka import KafkaLog, check_partitions
from cuestream.failures import UnreachableError
from cuestream.reaching.installation import Installation

PATIENCE_SECONDS = 5.0


@asynccontextmanager
async def open_log(installation: Installation) -> AsyncIterator[KafkaLog]:
    """Kafka, while the block lasts.

    Raises:
        UnreachableError: it does not answer, now or in the block, or has not our topics.
    """
    settings = installation.kafka()
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # we say it ourselves
    try:
        partitions = await check_partitions(settings, patience=PATIENCE_SECONDS)
        yield KafkaLog(settings, "cuestream", partitions)
    except CuestreamError as error:
        raise UnreachableError(
            f"Kafka at {settings.kafka_bootstrap_servers}: {error}.", "See `cuestream status`."
        ) from error
