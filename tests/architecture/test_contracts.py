"""The import contracts of pyproject.toml hold, and each of them notices what it forbids."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.tree import ROOT, SOURCES

# A line that breaks a contract, by the module it is added to.
SEEDS = {
    "Services know the library and never each other": (
        "scoring/domain/__init__.py",
        "import ingest.domain",
    ),
    "Every service has the same rooms, in the same order": (
        "scoring/handlers.py",
        "import scoring.store",
    ),
    "The domain does no I/O": ("dispatcher/domain/__init__.py", "import asyncio"),
    "The library's parts point down": ("common/contracts/__init__.py", "import common.consuming"),
    "The runtime knows ports, not drivers": ("common/consuming/loop.py", "import aiokafka"),
    "aiokafka has one importer": ("ingest/wiring.py", "import aiokafka"),
    "The database is met in the library, the stores and the migrations": (
        "ingest/ports.py",
        "import asyncpg",
    ),
    "FastAPI is an edge": ("orchestrator/handlers.py", "import fastapi"),
    "httpx lives in adapters": ("ingest/handlers/received.py", "import httpx"),
    "SMTP is spoken by one adapter": ("dispatcher/handlers.py", "import aiosmtplib"),
    "Liquid is met where templates are rendered": ("dispatcher/handlers.py", "import liquid"),
    "Test doubles never reach production": ("scoring/wiring.py", "import common.testing"),
}


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


def lint(root: Path, sources: list[Path]) -> dict[str, str]:
    """Contract → KEPT or BROKEN, for the packages found in `sources`."""
    done = subprocess.run(
        [
            Path(sys.executable).parent / "lint-imports",
            "--config",
            ROOT / "pyproject.toml",
            "--no-cache",
        ],
        cwd=root,
        env={"PYTHONPATH": ":".join(map(str, sources)), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert verdicts, done.stdout + done.stderr
    return verdicts


def test_every_contract_holds(tmp_path: Path) -> None:
    verdicts = lint(tmp_path, [source.parent for source in SOURCES.values()])

    assert verdicts == dict.fromkeys(contracts(), "KEPT")


def test_every_contract_notices_what_it_forbids(tmp_path: Path) -> None:
    for name, source in SOURCES.items():
        shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for module, line in SEEDS.values():
        with (tmp_path / of_package(tmp_path, module)).open("a") as file:
            file.write(f"\n{line}\n")

    assert lint(tmp_path, [tmp_path]) == dict.fromkeys(contracts(), "BROKEN")


def of_package(root: Path, module: str) -> str:
    """A module that has grown into a package is found in its `__init__.py`."""
    return module if (root / module).exists() else module.replace(".py", "/__init__.py")


def test_there_is_a_violation_to_try_for_every_contract() -> None:
    assert sorted(SEEDS) == sorted(contracts())
