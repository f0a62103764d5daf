"""`cuestream halt` and `resume`, and what no command can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.tests.asking.answers import ANNA
from deploy.local.tests.talking import Ran, Script, run


class TestHaltAndResume:
    @pytest.mark.parametrize("what", ["halt", "resume"])
    def test_the_dispatcher_is_told(self, what: str, server: Script, capsys: Any) -> None:
        server.answers[f"POST /v1/{what}"] = (200, {"workspace": "demo", "halted": what == "halt"})

        words = run(capsys, what, "--workspace", "demo")
        told = run(capsys, what, "--json").json

        assert "for the workspace demo" in words.out
        assert told["halted"] == (what == "halt")
        assert server.bodies(f"POST /v1/{what}") == [{"workspace": "demo"}, {"workspace": "*"}]


class TestWhatCannotBeDone:
    def ran(self, capsys: Any, *more: str) -> Ran:
        return run(capsys, "halt", *more)

    def test_a_service_that_is_away_is_exit_code_3(
        self, capsys: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CUESTREAM_ORCHESTRATOR_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("CUESTREAM_DISPATCHER_URL", "http://127.0.0.1:9")

        ran = self.ran(capsys)

        assert ran.code == 3
        assert "cannot be reached" in ran.err

    def test_a_service_that_cannot_reach_its_own_is_exit_code_3(
        self, server: Script, capsys: Any
    ) -> None:
        detail = {"error": "kafka_unavailable", "detail": "no broker"}
        server.answers["POST /v1/halt"] = (503, detail)

        ran = self.ran(capsys)

        assert ran.code == 3
        assert "no broker" in ran.err

    def test_a_wrong_key_is_exit_code_2(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/halt"] = (401, {"error": "unauthorized"})

        ran = self.ran(capsys)

        assert ran.code == 2
        assert "CUESTREAM_ADMIN_KEY" in ran.err

    def test_an_address_that_is_not_known_is_exit_code_2(
        self, server: Script, capsys: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CUESTREAM_DISPATCHER_URL")

        ran = self.ran(capsys)

        assert ran.code == 2
        assert "CUESTREAM_DISPATCHER_URL" in ran.err

    def test_no_stack_is_exit_code_3(self, capsys: Any, tmp_path: Path) -> None:
        ran = self.ran(capsys, "--data", str(tmp_path))

        assert ran.code == 3
        assert "cuestream up" in ran.err

    def test_an_unknown_topic_is_exit_code_2(self, server: Script, capsys: Any) -> None:
        ran = run(capsys, "tail", "decison")

        assert ran.code == 2
        assert "Did you mean decisions?" in ran.err

    @pytest.mark.parametrize("topic", ["ingest.events", "configuration", "scoring.journal"])
    def test_a_topic_that_knows_no_profiles_is_not_followed_by_one(
        self, topic: str, server: Script, capsys: Any
    ) -> None:
        assert run(capsys, "tail", topic, "--profile", str(UUID(ANNA))).code == 2
