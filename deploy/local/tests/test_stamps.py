"""A one-shot is done again when the code behind it changed, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cuestream.stack.stamps import Stamp, fingerprint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "stamped" / "migrations"
    folder.mkdir(parents=True)
    (folder / "first.py").write_text("a = 1\n")
    (folder / "notes.txt").write_text("not code")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_nothing_is_done_before_it_has_succeeded(tmp_path: Path, package: Path) -> None:
    stamp = Stamp(tmp_path / "done", fingerprint(["stamped"]))

    assert not stamp.is_valid()
    stamp.leave()
    assert stamp.is_valid()


def test_what_did_not_change_stays_done(tmp_path: Path, package: Path) -> None:
    Stamp(tmp_path / "done", fingerprint(["stamped"])).leave()
    (package / "notes.txt").write_text("still not code, but other")

    assert Stamp(tmp_path / "done", fingerprint(["stamped"])).is_valid()


@pytest.mark.parametrize("name", ["first.py", "second.py", "topics.yaml"])
def test_a_changed_or_new_file_makes_it_due(tmp_path: Path, package: Path, name: str) -> None:
    Stamp(tmp_path / "done", fingerprint(["stamped"])).leave()
    (package / name).write_text("a = 2  # longer\n")

    assert not Stamp(tmp_path / "done", fingerprint(["stamped"])).is_valid()


def test_a_change_of_the_same_length_counts(tmp_path: Path, package: Path) -> None:
    Stamp(tmp_path / "done", fingerprint(["stamped"])).leave()
    os.utime(package / "first.py", ns=(1, 1))

    assert not Stamp(tmp_path / "done", fingerprint(["stamped"])).is_valid()
