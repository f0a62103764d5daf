"""What the HTTP edge makes of a request's body: messages to accept and messages to set aside."""

from ingest.domain.collecting.body import Bundle, UnparsableError, read_batch, read_call
from ingest.domain.collecting.cloudevents import (
    judge_event,
    read_binary,
    read_events,
    read_structured,
)
from ingest.domain.collecting.judging import Message, Reason, Rejected, judge
from ingest.domain.collecting.pacing import FairShare, TokenBucket
from ingest.domain.collecting.pixel import Pixel, UnknownPixelError, page_origin, read_pixel
from ingest.domain.collecting.visitors import Unseen, unseen

__all__ = [
    "Bundle",
    "FairShare",
    "Message",
    "Pixel",
    "Reason",
    "Rejected",
    "TokenBucket",
    "UnknownPixelError",
    "UnparsableError",
    "Unseen",
    "judge",
    "judge_event",
    "page_origin",
    "read_batch",
    "read_binary",
    "read_call",
    "read_events",
    "read_pixel",
    "read_structured",
    "unseen",
]
