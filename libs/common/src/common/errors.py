"""The two words for failure that every layer above the adapters understands."""

from __future__ import annotations


class CuestreamError(Exception):
    """Whatever cuestream raises on purpose; `reason` is a short stable code, `detail` a sentence."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class PermanentError(CuestreamError):
    """Trying again cannot help: the input, the configuration or the answer is final."""


class TransientError(CuestreamError):
    """Nothing happened; the same call may be tried later."""


class OutcomeUnknownError(CuestreamError):
    """The other side may or may not have done it, and nobody can tell."""
