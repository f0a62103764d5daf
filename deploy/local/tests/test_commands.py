"""What the commands of the stack say and return where no stack runs, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cuestream.__main__ import COMMANDS, main


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    exit_code: int
    out: str
    err: str


Cuestream = Callable[..., Done]


@pytest.fixture
def cuestream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cuestream:
    """The command, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUESTREAM_DATA", raising=False)

    def run(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run


def test_status_of_nothing_is_stopped_and_cannot_be_reached(cuestream: Cuestream) -> None:
    done = cuestream("status", "--json")

    assert done.exit_code == 3
    assert json.loads(done.out) == {
        "state": "stopped",
        "processes": [],
        "endpoints": {},
        "halts": [],
        "stopped": [],
    }


def test_down_of_nothing_is_done_already(cuestream: Cuestream) -> None:
    done = cuestream("down")

    assert done.exit_code == 0
    assert "No stack is running" in done.out


def test_down_and_up_speak_json_where_asked(cuestream: Cuestream) -> None:
    assert json.loads(cuestream("down", "--json").out)["state"] == "stopped"
    assert json.loads(cuestream("up", "--json").err)["error"].startswith("There are no workspaces")


@pytest.mark.parametrize("arguments", [("stop", "x"), ("why", "user:1"), ("profile", "show", "x")])
def test_an_error_is_json_where_asked_and_not_on_the_output(
    cuestream: Cuestream, arguments: tuple[str, ...]
) -> None:
    done = cuestream(*arguments, "--json")

    told = json.loads(done.err)
    assert (done.exit_code, done.out) == (3, "")
    assert "No stack is running" in told["error"]
    assert "Start one with `cuestream up`." in told["remedies"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["demo", "--kill", "nobody"], 2, "Names: kafka"),
        (["demo", "--kill", "kafka", "--at", "90s"], 2, "after the end"),
        (["up", "--nonsense"], 2, "No such option"),
        (["up", "--scale", "kafka=2"], 2, "Names: ingest-api"),
        (["up", "--scale", "ingest-resolve"], 2, "NAME=N"),
        (["up"], 2, "no workspaces"),
        (["up", "--detach"], 2, "no workspaces"),
        (["logs", "ingest-api"], 2, "no log of ingest-api"),
        (["stop", "ingest-api"], 3, "cuestream up"),
        (["start", "ingest-api"], 3, "cuestream up"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(
    cuestream: Cuestream, arguments: list[str], exit_code: int, words: str
) -> None:
    done = cuestream(*arguments)

    assert done.exit_code == exit_code
    assert words in done.err


@pytest.mark.parametrize(
    ("variable", "value", "arguments"),
    [("DEMO_SECONDS", "5", ["demo"]), ("CUESTREAM_LOG_LEVEL", "loud", ["status"])],
)
def test_a_wrong_variable_is_named(
    cuestream: Cuestream,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    arguments: list[str],
) -> None:
    monkeypatch.setenv(variable, value)

    done = cuestream(*arguments)

    assert done.exit_code == 2
    assert done.err.startswith(f"{variable}: ")


def test_a_log_is_printed_from_its_file(tmp_path: Path, cuestream: Cuestream) -> None:
    log = tmp_path / ".cuestream" / "logs" / "ingest-api.log"
    log.parent.mkdir(parents=True)
    log.write_text("first\nlast\n")

    assert cuestream("logs", "ingest-api").out == "first\nlast\n"
    lines = cuestream("logs", "ingest-api", "--json").out.splitlines()
    assert [json.loads(line)["line"] for line in lines] == ["first", "last"]


def test_a_log_of_the_demo_s_own_stack_is_pointed_at(tmp_path: Path, cuestream: Cuestream) -> None:
    (tmp_path / ".cuestream" / "demo" / "logs").mkdir(parents=True)

    done = cuestream("logs", "ingest-api")

    assert done.exit_code == 2
    assert "`cuestream logs ingest-api --data .cuestream/demo`" in done.err


@pytest.mark.integration
def test_without_kafka_and_network_nothing_stays_and_the_remedies_are_named(
    tmp_path: Path, cuestream: Cuestream, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workspaces").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CUESTREAM_MAVEN_URL", "http://127.0.0.1:9/nowhere")
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)

    done = cuestream("up", "--detach")

    assert done.exit_code == 3
    for remedy in ("KAFKA_BOOTSTRAP_SERVERS", "CUESTREAM_MAVEN_URL", str(tmp_path / "cache")):
        assert remedy in done.err
    assert cuestream("status").exit_code == 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(cuestream: Cuestream, name: str) -> None:
    done = cuestream(name, "--help")

    assert done.exit_code == 0
    assert "Usage:" in done.out
