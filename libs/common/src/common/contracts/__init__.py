"""What is on the wire: the envelope, the payloads by type, and the topics."""

from common.contracts.envelope import Event, decode_event, encode_event, encoded, event_bytes
from common.contracts.index import payload_types
from common.contracts.payload import Money, Payload
from common.contracts.topics import Topic, Topics, load_topics

__all__ = [
    "Event",
    "Money",
    "Payload",
    "Topic",
    "Topics",
    "decode_event",
    "encode_event",
    "encoded",
    "event_bytes",
    "load_topics",
    "payload_types",
]
