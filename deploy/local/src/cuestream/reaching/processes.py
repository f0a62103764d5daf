"""What the processes say of themselves: their alarms on `/readyz`, their figures on `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from cuestream.reaching.installation import Installation

PATIENCE_SECONDS = 5.0
_PARTITION = "partition "
Owned = tuple[str, int]
"""Loop and partition."""


@dataclass(frozen=True, slots=True)
class Told:
    """By loop and partition, what the owners say."""

    alarms: Mapping[Owned, str] = field(default_factory=dict)
    virtual_times: Mapping[Owned, float] = field(default_factory=dict)
    """Seconds since 1970, UTC."""
    owners: Mapping[Owned, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    """Processes that did not answer."""


async def ask(installation: Installation) -> Told:
    """Ask all of them; one that does not answer is named."""
    alarms: dict[Owned, str] = {}
    times: dict[Owned, float] = {}
    owners: dict[Owned, str] = {}
    silent: list[str] = []
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        asked = [_ask(client, name, url) for name, url in installation.processes.items()]
        for name, answer in await asyncio.gather(*asked):
            if answer is None:
                silent.append(name)
                continue
            missing, metrics = answer
            times |= _by_partition(metrics, "cuestream_virtual_time_seconds")
            owned = _by_partition(metrics, "cuestream_epoch")
            owners |= dict.fromkeys(owned, name)
            stopped = {p: loop for loop, p in owned}
            for what, why in missing.items():
                number = what.removeprefix(_PARTITION)
                if what.startswith(_PARTITION) and number.isdigit() and int(number) in stopped:
                    alarms[stopped[int(number)], int(number)] = str(why)
    return Told(alarms, times, owners, tuple(silent))


async def _ask(
    client: httpx.AsyncClient, name: str, url: str
) -> tuple[str, tuple[Mapping[str, Any], str] | None]:
    try:
        ready = await client.get(f"{url}/readyz")
        metrics = await client.get(f"{url}/metrics")
        return name, (ready.json().get("missing", {}), metrics.text)
    except (httpx.TransportError, ValueError, AttributeError):
        return name, None


def _by_partition(text: str, metric: str) -> dict[Owned, float]:
    return {
        (sample.labels["loop"], int(sample.labels["partition"])): sample.value
        for family in text_string_to_metric_families(text)
        if family.name == metric
        for sample in family.samples
    }
