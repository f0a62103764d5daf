"""The topics, from `topics.yaml` beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

QUARANTINE_SUFFIX = ".quarantine"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Topic:
    """How one topic is kept."""

    name: str
    partitions: int
    retention: timedelta | None
    """None: kept by compaction."""
    segment: timedelta | None = None
    min_compaction_lag: timedelta | None = None
    max_compaction_lag: timedelta | None = None
    sequenced: bool = True

    @property
    def compacted(self) -> bool:
        return self.retention is None


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of an installation with `partitions` partitions."""

    partitions: int
    by_name: Mapping[str, Topic]

    def __getitem__(self, name: str) -> Topic:
        return self.by_name[name]

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_name.values())


@cache
def load_topics(partitions: int) -> Topics:
    """Read `topics.yaml`; `partitions` is the installation's number for all profile-keyed topics."""
    text = resources.files("common.contracts").joinpath("topics.yaml").read_text()
    by_name: dict[str, Topic] = {}
    for name, spec in yaml.safe_load(text).items():
        topic = _topic(name, spec, partitions)
        by_name[name] = topic
        if spec.get("quarantine"):
            # Same lifetime as the raw events: what is in it may be personal data.
            by_name[name + QUARANTINE_SUFFIX] = Topic(
                name=name + QUARANTINE_SUFFIX,
                partitions=topic.partitions,
                retention=timedelta(days=7),
                segment=timedelta(hours=1),
            )
    return Topics(partitions, by_name)


def _topic(name: str, spec: Mapping[str, Any], partitions: int) -> Topic:
    compacted = bool(spec.get("compact"))
    return Topic(
        name=name,
        partitions=partitions if spec["partitions"] == "all" else int(spec["partitions"]),
        retention=None if compacted else _duration(spec["retention"]),
        segment=_duration(spec["segment"]) if "segment" in spec else None,
        min_compaction_lag=_optional(spec, "min_compaction_lag"),
        max_compaction_lag=_optional(spec, "max_compaction_lag"),
        sequenced=not compacted and not spec.get("unsequenced", False),
    )


def _optional(spec: Mapping[str, Any], name: str) -> timedelta | None:
    return _duration(spec[name]) if name in spec else None


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([mhd])", text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
