"""What ruff and import-linter cannot say about a source file; every rule is shown a violation first."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import PurePath

import pytest

from tests.architecture.tree import File, files, python_files

LONGEST = 300
VAGUE = {"util", "utils", "helper", "helpers", "base", "manager", "managers", "misc"}
SLEEPERS = {"time.sleep", "asyncio.sleep"}
# Written in pieces, so that the rule does not find itself.
MACHINE_PATHS = re.compile(
    "|".join(["/ho" + r"me/\w", "/Us" + r"ers/\w", "/wo" + r"rk/\w", "/ro" + r"ot/\w"])
)
REGISTRIES = re.compile(
    "|".join(
        [
            "py" + r"pi\.org",
            r"python" + r"hosted\.org",
            "registry" + r"\.npmjs",
            "proxy" + r"\.golang",
            r"index-" + "url",
        ]
    )
)
OPEN_ENDS = re.compile(r"#\s*(" + "TO" + "DO|FIX" + "ME|X" + "XX)")


def without_a_sentence(file: File) -> list[str]:
    said = ast.get_docstring(file.tree)
    good = said is not None and said.splitlines()[0].rstrip().endswith((".", "?", "!", ":", ";"))
    return [] if good else [f"{file.name}: no sentence says what it is for"]


def too_long(file: File) -> list[str]:
    lines = file.text.count("\n")
    return [f"{file.name}: {lines} lines"] if lines > LONGEST else []


def vaguely_named(file: File) -> list[str]:
    parts = PurePath(file.name).with_suffix("").parts
    found = {word for part in parts for word in part.split("_")} & VAGUE
    classes = (node.name for node in ast.walk(file.tree) if isinstance(node, ast.ClassDef))
    vague = [name for name in classes if name.endswith(("Manager", "Helper", "Util", "Utils"))]
    return [f"{file.name}: {name}" for name in sorted(found) + vague]


def mocking(file: File) -> list[str]:
    names = {"Mock", "MagicMock", "AsyncMock", "patch", "mocker"}
    found = [
        node
        for node in ast.walk(file.tree)
        if (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.arg) and node.arg in names)
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "monkeypatch.setattr")
    ]
    return [f"{file.name}:{node.lineno}: a mock; write a fake" for node in found]


def sleeping(file: File) -> list[str]:
    """`asyncio.sleep(0)` only lets others run, so it is no sleep."""
    return [
        f"{file.name}:{node.lineno}: sleeps; wait for the condition"
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in SLEEPERS
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]


def tied_to_a_machine(file: File) -> list[str]:
    return [
        f"{file.name}:{number}: {match[0]}"
        for number, line in enumerate(file.text.splitlines(), 1)
        for pattern in (MACHINE_PATHS, REGISTRIES)
        if (match := pattern.search(line))
    ]


def left_open(file: File) -> list[str]:
    return [
        f"{file.name}:{number}: {line.strip()}"
        for number, line in enumerate(file.text.splitlines(), 1)
        if OPEN_ENDS.search(line)
    ]


Rule = Callable[[File], list[str]]


def findings(rule: Rule, among: Iterable[File]) -> list[str]:
    return [finding for file in among for finding in rule(file)]


def test_every_module_says_what_it_is_for() -> None:
    assert findings(without_a_sentence, python_files()) == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    assert findings(too_long, python_files()) == []


def test_no_name_is_a_drawer_for_everything() -> None:
    assert findings(vaguely_named, python_files()) == []


def test_doubles_are_fakes() -> None:
    assert findings(mocking, python_files()) == []


def test_no_test_sleeps() -> None:
    # In the simulation a sleep is an event like any other: its clock jumps there.
    real = [f for f in python_files() if f.is_test and not f.name.startswith("tests/simulation/")]
    assert findings(sleeping, real) == []


def test_nothing_is_tied_to_one_machine() -> None:
    assert findings(tied_to_a_machine, files()) == []


def test_nothing_is_left_for_later() -> None:
    assert findings(left_open, python_files()) == []


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (without_a_sentence, "a.py", '"""Things"""\n'),
        (without_a_sentence, "a.py", "x = 1\n"),
        (too_long, "a.py", "x = 1\n" * (LONGEST + 1)),
        (vaguely_named, "src/date_utils.py", ""),
        (vaguely_named, "src/dates.py", "class DateManager: ..."),
        (mocking, "a.py", "from unittest import mock"),
        (mocking, "a.py", "def test_x(mocker): ..."),
        (mocking, "a.py", "monkeypatch.setattr(x, 'y', 1)"),
        (sleeping, "a.py", "await asyncio.sleep(0.1)"),
        (sleeping, "a.py", "time.sleep(1)"),
        (tied_to_a_machine, "a.txt", "see /ho" + "me/me/notes"),
        (tied_to_a_machine, "a.txt", "https://files.python" + "hosted.org/x.whl"),
        (left_open, "a.py", "x = 1  # TO" + "DO later"),
    ],
)
def test_a_violation_is_found(rule: Rule, name: str, text: str) -> None:
    assert rule(File(name, text))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (sleeping, "await asyncio.sleep(0)"),
        (mocking, "monkeypatch.setenv('A', 'b')"),
        (without_a_sentence, '"""What it promises."""\n'),
    ],
)
def test_what_is_allowed_is_left_alone(rule: Rule, text: str) -> None:
    assert rule(File("a.py", text)) == []
