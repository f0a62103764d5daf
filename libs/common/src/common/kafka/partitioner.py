"""The default partitioner of all Kafka clients: murmur2 of the key."""

from __future__ import annotations

from functools import lru_cache
from struct import unpack_from

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995
_SEED = 0x9747B28C


@lru_cache(maxsize=8_192)
def partition_for(key: bytes, partitions: int) -> int:
    """Where a record with this key goes on a topic with so many partitions.

    Remembers recent keys, because a visitor sends many events; more than these few would be what a collector grows by.
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """MurmurHash2 as in the Java client (`org.apache.kafka.common.utils.Utils.murmur2`), unsigned."""
    length = len(data)
    words = length // 4
    h = _SEED ^ length
    for word in unpack_from(f"<{words}I", data):
        k = word * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = h * _M & _MASK ^ k
    rest = data[words * 4 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15
