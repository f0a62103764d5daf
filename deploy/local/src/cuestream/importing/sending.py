"""Hands bundles over to an edge: as often as it takes, until the edge has them or says what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from common.clock import monotonic
from cuestream.failures import UnreachableError, UsageError

PATIENCE_SECONDS = 300.0
"""How long an edge may be away before the command gives up; what was sent until then is remembered."""
_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_TOO_LARGE = 413
_LATER = frozenset({408, 429, 500, 502, 503, 504})


class Refused(msgspec.Struct, frozen=True):
    """One of a bundle that the edge does not take."""

    index: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """An address that takes many at once, and the name under which the body holds them."""

    path: str
    member: str
    more: Mapping[str, str]
    """What else the body says."""
    remedy: str
    """What to do when the key is refused."""


class Sender:
    """Sends bundles to one door."""

    def __init__(
        self, client: httpx.AsyncClient, door: Door, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        """`patience` in seconds, from one answer to the next."""
        self._client = client
        self._door = door
        self._patience = patience

    async def send(self, entries: Sequence[Mapping[str, Any]]) -> list[Refused]:
        """Hand all over; returns which of them were not taken.

        Raises:
            UsageError: the edge refuses the key or the request.
            UnreachableError: it is away for too long.
        """
        answer = await self._answered(entries)
        if answer.status_code == _TOO_LARGE:
            return await self._halved(entries)
        if not answer.is_success:
            raise self._refusal(answer)
        told = answer.json()
        return msgspec.convert(told.get("rejected", []), list[Refused])

    async def _halved(self, entries: Sequence[Mapping[str, Any]]) -> list[Refused]:
        if len(entries) == 1:
            return [Refused(0, "body_too_large", "more than this source may send at once")]
        half = len(entries) // 2
        first = await self.send(entries[:half])
        second = await self.send(entries[half:])
        moved = (msgspec.structs.replace(one, index=one.index + half) for one in second)
        return [*first, *moved]

    async def _answered(self, entries: Sequence[Mapping[str, Any]]) -> httpx.Response:
        body = msgspec.json.encode({**self._door.more, self._door.member: entries})
        begun, pause = monotonic(), _PAUSE
        while True:
            wait, told = pause, ""
            try:
                answer = await self._client.post(
                    self._door.path, content=body, headers={"content-type": "application/json"}
                )
            except httpx.TransportError as error:
                told = type(error).__name__
            else:
                if answer.status_code not in _LATER:
                    return answer
                wait = max(pause, _seconds(answer.headers.get("retry-after")))
                told = _detail(answer)
            if monotonic() - begun + wait > self._patience:
                raise UnreachableError(
                    f"{self._client.base_url} does not take it: {told}.",
                    "See `cuestream status`. The same command goes on where this one ended.",
                )
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _refusal(self, answer: httpx.Response) -> UsageError:
        remedies = [self._door.remedy] if answer.status_code in {401, 403} else []
        return UsageError(f"{self._client.base_url} refuses it: {_detail(answer)}.", *remedies)


def _seconds(text: str | None) -> float:
    return min(float(text), 60.0) if text is not None and text.isdigit() else 0.0


def _detail(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        told = None
    told = told if isinstance(told, Mapping) else {}
    return str(told.get("detail") or told.get("error") or f"status {answer.status_code}")
