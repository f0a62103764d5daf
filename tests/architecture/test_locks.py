"""The locks hold every declared library with its hashes, agree with each other, and name no address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, SERVICES

LOCKS = ROOT / "deploy/requirements"
OURS = {"cuestream", "cuestream-common", *(f"cuestream-{service}" for service in SERVICES)}
LIBRARY = ROOT / "libs/common/pyproject.toml"
COMMAND = ROOT / "deploy/local/pyproject.toml"
SERVED = {service: ROOT / f"services/{service}/pyproject.toml" for service in SERVICES}
EVERY = [LIBRARY, COMMAND, *SERVED.values()]


def pins(text: str) -> dict[str, str]:
    """Name → version of a lock."""
    return {
        canonicalize_name(match[1]): match[2]
        for match in re.finditer(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", text, re.MULTILINE)
    }


def unhashed(text: str) -> list[str]:
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    return [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]


def declared(pyproject: Path, *, extras: bool) -> Iterator[Requirement]:
    project = tomllib.loads(pyproject.read_text())["project"]
    listed = list(project.get("dependencies", ()))
    if extras:
        listed += [
            line for lines in project.get("optional-dependencies", {}).values() for line in lines
        ]
    for line in listed:
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) not in OURS:
            yield requirement


def tools(group: str) -> Iterator[Requirement]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for line in groups[group]:
        if isinstance(line, str):
            yield Requirement(line)
        else:
            yield from tools(line["include-group"])


def wanted(lock: str) -> list[Requirement]:
    """What a lock must at least hold."""
    if lock == "dev":
        return [r for path in EVERY for r in declared(path, extras=True)] + list(tools("dev"))
    if lock == "build":
        return list(tools("build"))
    own = COMMAND if lock == "cuestream" else SERVED[lock]
    return [r for path in (LIBRARY, own) for r in declared(path, extras=False)]


def unmet(requirements: list[Requirement], text: str) -> list[str]:
    held = pins(text)
    return sorted(
        str(requirement)
        for requirement in requirements
        if (version := held.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(version, prereleases=True)
    )


NAMES = ["dev", "build", "cuestream", *SERVICES]


@pytest.mark.parametrize("lock", NAMES)
def test_a_lock_holds_what_is_declared(lock: str) -> None:
    assert unmet(wanted(lock), (LOCKS / f"{lock}.txt").read_text()) == [], "run make locks"


@pytest.mark.parametrize("lock", NAMES)
def test_every_line_of_a_lock_is_hashed(lock: str) -> None:
    assert unhashed((LOCKS / f"{lock}.txt").read_text()) == []


@pytest.mark.parametrize("lock", NAMES)
def test_a_lock_names_no_address_and_none_of_ours(lock: str) -> None:
    text = (LOCKS / f"{lock}.txt").read_text()

    assert [line for line in text.splitlines() if "://" in line or line.startswith("-")] == []
    assert set(pins(text)) & OURS == set()


@pytest.mark.parametrize("lock", [name for name in NAMES if name != "dev"])
def test_an_image_gets_the_versions_that_were_tested(lock: str) -> None:
    tested = pins((LOCKS / "dev.txt").read_text())
    shipped = pins((LOCKS / f"{lock}.txt").read_text())

    assert {name: v for name, v in shipped.items() if tested.get(name) != v} == {}


def test_there_is_no_lock_that_nobody_asks_for() -> None:
    assert sorted(path.stem for path in LOCKS.glob("*.txt")) == sorted(NAMES)


def test_a_missing_library_and_a_missing_hash_are_found() -> None:
    text = "rich==15.0.0 \\\n    --hash=sha256:00\nhttpx==0.28.1\n"

    assert unmet([Requirement("rich>=16"), Requirement("typer")], text) == ["rich>=16", "typer"]
    assert unhashed(text) == ["httpx==0.28.1"]
