"""A test whose tool cannot be had is listed, and fails where everything is required."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cuestream.settings import inherited_environment

pytestmark = pytest.mark.integration  # starts pytest itself

SUITE = """
from cuestream.stack.pytest_plugin import require

def test_with_a_tool_that_is_missing():
    require("the moon", "too far away")

def test_that_needs_nothing():
    pass
"""


def run(folder: Path, *, required: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(SUITE)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "cuestream.stack.pytest_plugin"]
    return subprocess.run(
        [*argv, "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        cwd=folder,
        env={**inherited_environment(), "CUESTREAM_REQUIRE": required},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_could_not_run_is_listed_at_the_end(tmp_path: Path) -> None:
    done = run(tmp_path, required="")

    assert done.returncode == pytest.ExitCode.OK
    assert "1 passed, 1 skipped" in done.stdout
    listed = done.stdout.partition("= not run here =")[2]
    assert "test_with_a_tool_that_is_missing: the moon: too far away" in listed


def test_where_all_is_required_it_fails(tmp_path: Path) -> None:
    done = run(tmp_path, required="all")

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "not run here: the moon: too far away" in done.stdout
