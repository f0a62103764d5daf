"""Every service has the rooms of design §7 and no others, so that whoever knows one knows all."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from tests.architecture.tree import SERVICES, SOURCES

ALWAYS = {"__main__", "wiring", "settings", "store", "handlers", "domain", "migrations"}
SOMETIMES = {
    "api": "an HTTP edge: verify, append, answer",
    "consumer": "a Kafka edge: type → fold",
    "jobs": "what runs beside the loop",
    "ports": "what it needs of others, in the words of its domain",
    "adapters": "ports on vendors, one file a vendor",
}
NOT_ROOMS = {"__init__", "__pycache__", "py"}


def rooms(source: Path) -> set[str]:
    """The names of a package's modules and packages; data beside them belongs to a room."""
    return {
        path.stem
        for path in source.iterdir()
        if (path.is_dir() or path.suffix == ".py") and path.stem not in NOT_ROOMS
    }


def strangers(found: Collection[str]) -> list[str]:
    return sorted(set(found) - ALWAYS - set(SOMETIMES))


def missing(found: Collection[str]) -> list[str]:
    return sorted(ALWAYS - set(found))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_every_room_that_all_have(service: str) -> None:
    assert missing(rooms(SOURCES[service])) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_no_room_that_others_do_not_know(service: str) -> None:
    assert strangers(rooms(SOURCES[service])) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_carries_its_types_and_its_migrations(service: str) -> None:
    source = SOURCES[service]

    assert (source / "py.typed").exists()
    assert list((source / "migrations").glob("versions/*.py")), "an image must be able to migrate"


def test_every_room_is_used_somewhere() -> None:
    used = set().union(*(rooms(SOURCES[service]) for service in SERVICES))

    assert sorted(set(SOMETIMES) - used) == []


def test_a_new_room_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "utils.py").touch()
    (tmp_path / "domain").mkdir()

    assert strangers(rooms(tmp_path)) == ["utils"]
    assert "wiring" in missing(rooms(tmp_path))
