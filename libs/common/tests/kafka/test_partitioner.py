"""The partitioner, against the driver's own."""

from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from common.kafka import partition_for


@given(key=st.binary(max_size=80), partitions=st.integers(min_value=1, max_value=48))
def test_keys_go_where_every_kafka_client_puts_them(key: bytes, partitions: int) -> None:
    theirs = DefaultPartitioner()(key, list(range(partitions)), [])

    assert partition_for(key, partitions) == theirs
