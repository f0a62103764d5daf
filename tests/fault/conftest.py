"""Collects what the histories came to, and prints the table at the end of the session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from tests.fault.checker import Report, table_of
from tests.fault.runs.running import Timing


@dataclass(slots=True)
class Histories:
    """Of this session, in order."""

    reports: list[Report] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def add(self, report: Report, timing: Timing) -> None:
        self.reports.append(report)
        self.timings.append(timing)


_KEY = pytest.StashKey[Histories]()
_FIGURES = pytest.StashKey[list[str]]()
_FAILED = pytest.StashKey[list[str]]()


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Of one test's stack."""
    with _folder(request.config) as folder:
        yield folder


@pytest.fixture(scope="module")
def shared_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Of a stack for all tests of a module."""
    with _folder(request.config) as folder:
        yield folder


@contextmanager
def _folder(config: pytest.Config) -> Iterator[Path]:
    """Gone afterwards; but where a test failed meanwhile, pytest's cache keeps what the processes said."""
    failed = config.stash.setdefault(_FAILED, [])
    before = len(failed)
    with tempfile.TemporaryDirectory(prefix="cuestream-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user
        yield folder
        logs = folder / "stack" / "logs"
        if len(failed) > before and logs.is_dir() and config.cache is not None:
            kept = config.cache.mkdir("fault-logs") / failed[before]
            shutil.copytree(logs, kept, dirs_exist_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.config.stash.setdefault(_FAILED, []).append(item.name)
    return report


@pytest.fixture
def histories(request: pytest.FixtureRequest) -> Histories:
    """Where a run puts its report."""
    return request.config.stash.setdefault(_KEY, Histories())


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Lines that are printed at the end, whatever became of the test."""
    return request.config.stash.setdefault(_FIGURES, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The figures, the table, what happened in each run, and the same as JSON in pytest's cache."""
    if lines := config.stash.get(_FIGURES, []):
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.line(line)
    histories = config.stash.get(_KEY, None)
    if histories is None or config.cache is None:
        return
    terminalreporter.section("histories")
    console = Console(file=terminalreporter._tw._file, width=220)
    console.print(table_of(histories.reports))
    for report, timing in zip(histories.reports, histories.timings, strict=True):
        terminalreporter.line(f"{report.name}: {timing.words}")
        for fault in timing.faults:
            terminalreporter.line(f"  {fault}")
    config.cache.set("fault/histories", [dict(r.as_json()) for r in histories.reports])
