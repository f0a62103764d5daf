"""One circuit per provider: who is away is left alone, then asked by a single mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from common.clock import monotonic
from common.errors import TransientError
from dispatcher.domain.retries import CLOSED, Circuit
from dispatcher.jobs.moves import Outcome
from dispatcher.ports import EmailProvider

_A_PROBE = timedelta(seconds=1)
"""How long the others wait while one mail asks whether the provider is back."""
_PROBE_LASTS = 30.0
"""Seconds after which a probe that never ended (its transaction failed) is forgotten."""


class Circuits:
    """Knows the providers by what became of the mails handed to them."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._circuits: dict[EmailProvider, Circuit] = {}
        self._probes: dict[EmailProvider, float] = {}

    def back_at(self, provider: EmailProvider, now: datetime) -> datetime | None:
        """When it may be tried again; None: now."""
        circuit = self._circuits.get(provider, CLOSED)
        state = circuit.state(self._clock())
        if state == "open":
            return now + circuit.rest(self._clock())
        asked = self._probes.get(provider)
        if asked is not None and self._clock() - asked < _PROBE_LASTS:
            return now + _A_PROBE
        return None

    def admitted(self, provider: EmailProvider) -> None:
        """A mail is about to be handed to it."""
        if self._circuits.get(provider, CLOSED).state(self._clock()) == "half_open":
            self._probes[provider] = self._clock()

    def ended(self, provider: EmailProvider, outcome: Outcome | None) -> None:
        """What became of the mail; None: it never got so far."""
        self._probes.pop(provider, None)
        if outcome is None or (
            isinstance(outcome, TransientError) and outcome.reason == "too_late"
        ):
            return
        circuit = self._circuits.get(provider, CLOSED)
        if isinstance(outcome, TransientError) and outcome.reason == "provider_unavailable":
            self._circuits[provider] = circuit.failed(self._clock())
        else:
            self._circuits[provider] = circuit.succeeded()
