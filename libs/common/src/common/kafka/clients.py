"""The one place where clients of the driver are made and ended: its unsafe defaults are overridden here."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, NoReturn

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError, IllegalOperation, KafkaError

from common.errors import TransientError
from common.settings import KafkaSettings

CLOSE_SECONDS = 10.0
SESSION_SECONDS = 20
HEARTBEAT_SECONDS = 1
"""So long, at most, partitions whose owner was told to end have none: by a heartbeat the others hear of it."""
MAX_BATCH_BYTES = 900_000
"""Of one batch and so of one record, uncompressed; a broker takes 1 MiB."""
LONG_POLL_MILLISECONDS = 500
"""How long a broker holds a fetch. Requests of one connection are answered in order, so where nothing comes this delays whatever
follows (a resumed partition, a new assignment) by as much; but each fetch of nothing costs both sides a millisecond."""
PATIENT_MILLISECONDS = 5_000
"""The same for who reads the same places for ever: what is new comes at once, and nothing costs nothing."""

DRIVER_ERRORS: tuple[type[Exception], ...] = (
    KafkaError,
    ConsumerStoppedError,
    IllegalOperation,
    OSError,
    TimeoutError,
)


def unavailable(error: Exception) -> NoReturn:
    """Raise what the driver says as the word that the runtime understands."""
    raise TransientError("kafka_unavailable", type(error).__name__) from error


def connection_options(settings: KafkaSettings, client: str) -> dict[str, Any]:
    """How every client connects."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "client_id": client,
        "security_protocol": settings.kafka_security_protocol,
        "request_timeout_ms": 20_000,
        "metadata_max_age_ms": 60_000,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        secret = settings.kafka_sasl_password
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": secret.get_secret_value() if secret else None,
        }
    if settings.kafka_security_protocol.endswith("SSL"):
        authorities = settings.kafka_ssl_ca_file
        options["ssl_context"] = ssl.create_default_context(cafile=authorities)
    return options


def new_producer(settings: KafkaSettings, client: str) -> AIOKafkaProducer:
    """Acknowledged by all replicas, idempotent; batches are ours, so the driver's own linger plays no part."""
    return AIOKafkaProducer(
        **connection_options(settings, client),
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        max_batch_size=MAX_BATCH_BYTES + 100_000,
        max_request_size=MAX_BATCH_BYTES + 100_000,
    )


def new_data_consumer(
    settings: KafkaSettings, client: str, hold: int = LONG_POLL_MILLISECONDS
) -> AIOKafkaConsumer:
    """Groupless: reads what it is told, from offsets it is told, and raises instead of jumping.

    `hold` in milliseconds: how long a broker waits for something new.
    """
    return AIOKafkaConsumer(
        **connection_options(settings, client),
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=hold,
    )


def new_electing_consumer(settings: KafkaSettings, client: str, group: str) -> AIOKafkaConsumer:
    """A group member that reads nothing; static if this process has a slot of its own."""
    return AIOKafkaConsumer(
        **connection_options(settings, client),
        group_id=group,
        group_instance_id=f"{group}-{settings.instance}" if settings.instance else None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_SECONDS * 1000,
        heartbeat_interval_ms=HEARTBEAT_SECONDS * 1000,
        partition_assignment_strategy=(RangePartitionAssignor,),
        fetch_max_wait_ms=LONG_POLL_MILLISECONDS,
    )


def new_admin(settings: KafkaSettings, client: str) -> AIOKafkaAdminClient:
    return AIOKafkaAdminClient(**connection_options(settings, client))


async def close_producer(producer: AIOKafkaProducer, seconds: float = CLOSE_SECONDS) -> None:
    """Stop it; one that cannot flush in time is torn down, so that it appends nothing later on."""
    try:
        async with asyncio.timeout(seconds):
            await producer.stop()
    except DRIVER_ERRORS:
        sender = producer._sender.sender_task  # noqa: SLF001  the driver has no way to stop without a flush
        if sender is not None:
            sender.cancel()
        await _close_connections(producer.client, seconds)
        if sender is not None:
            await asyncio.wait({sender}, timeout=seconds)
            await _close_connections(
                producer.client, seconds
            )  # its last try may have made one more


def leaving_its_group(consumer: AIOKafkaConsumer) -> AIOKafkaConsumer:
    """The same, which tells its group when it is closed, also where it has a slot of its own.

    The driver leaves only as an ordinary member, so that the group waits for a static one until its session ends. The
    brokers let that one go by its member id just as well.
    """
    if consumer._coordinator is not None:  # noqa: SLF001  the driver has no other way
        consumer._coordinator._group_instance_id = None  # noqa: SLF001  as above
    return consumer


async def close_consumer(consumer: AIOKafkaConsumer, seconds: float = CLOSE_SECONDS) -> None:
    """Stop it; with all brokers gone that would wait for ever, so then only its connections are closed."""
    try:
        async with asyncio.timeout(seconds):
            await consumer.stop()
    except DRIVER_ERRORS:
        await _close_connections(consumer._client, seconds)  # noqa: SLF001  as above


async def _close_connections(client: Any, seconds: float) -> None:
    with suppress(*DRIVER_ERRORS):
        async with asyncio.timeout(seconds):
            await client.close()
