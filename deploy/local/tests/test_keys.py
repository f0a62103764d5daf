"""Write keys made, replaced and taken back: what is printed, what is kept, what is published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from common.configuration import load_directory, parse_workspace
from deploy.local.tests.talking import Answer, Ran, Script, run, scripted

PAGE = Path(__file__).parents[3] / "docs/connect/keys.md"
OLD, OLDER = "a" * 64, "b" * 64
TEXT = f"""\
sources:
  shop: {{kind: server, key_sha256: {OLD}}}
  till: {{kind: server, key_sha256: [{OLD[:-1]}c, {OLDER}]}}
  site: {{kind: browser, key_sha256: {OLD[:-1]}d, origins: [https://shop.example]}}
brand: {{name: Shop, url: https://shop.example/, imprint: Shop GmbH}}
locales: [de]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "workspaces").mkdir()
    (tmp_path / "workspaces/default.yaml").write_text(TEXT)
    (tmp_path / "workspaces/other.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def orchestrator(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    with scripted() as script:
        monkeypatch.setenv("CUESTREAM_ORCHESTRATOR_URL", script.url)
        monkeypatch.setenv("CUESTREAM_ADMIN_KEY", "the key")
        contents = [content.key for content in load_directory(folder)["default"]]
        in_force = {"workspace": "default", "number": 7, "live": True, "contents": contents}
        script.answers["GET /v1/configuration"] = (200, [in_force])
        releases = [{"workspace": "default", "number": 8}]
        script.answers["POST /v1/configuration/apply"] = (200, {"releases": releases})
        yield script


def keys(folder: Path) -> dict[str, tuple[str, ...]]:
    workspace = parse_workspace("default", (folder / "workspaces/default.yaml").read_text())
    return {name: source.key_sha256 for name, source in workspace.sources.items()}


def hash_of(ran: Ran) -> str:
    return sha256(ran.json["key"].encode()).hexdigest()


def published(orchestrator: Script) -> Any:
    (body,) = orchestrator.bodies("POST /v1/configuration/apply")
    return body


def test_a_key_is_printed_once_and_only_its_hash_is_kept(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    ran = run(capsys, "keys", "create", "app", "--json")
    key = ran.json["key"]

    assert ran.code == 0
    assert key.startswith("cs_s_")
    assert len(key) == len("cs_s_") + 43
    assert keys(folder)["app"] == (hash_of(ran),)
    assert key not in str(published(orchestrator))
    assert key not in (folder / "workspaces/default.yaml").read_text()


def test_only_the_workspace_that_is_meant_is_published_and_stays_live(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    run(capsys, "keys", "create", "app")
    body = published(orchestrator)

    assert (body["live"], body["expected"]) == (True, {"default": 7})
    assert list(body["workspaces"]) == ["default"]
    (content,) = body["workspaces"]["default"]
    assert content["files"]["workspace.yaml"] == (folder / "workspaces/default.yaml").read_text()


def test_a_browsers_key_has_its_origins(folder: Path, orchestrator: Script, capsys: Any) -> None:
    ran = run(capsys, "keys", "create", "app", "--origin", "https://a.example", "--json")
    source = parse_workspace("default", (folder / "workspaces/default.yaml").read_text()).sources[
        "app"
    ]

    assert ran.json["key"].startswith("cs_b_")
    assert (source.kind, source.origins) == ("browser", ("https://a.example",))


def test_a_rotated_key_counts_beside_the_old_one(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    ran = run(capsys, "keys", "rotate", "shop", "--json")

    assert keys(folder)["shop"] == (hash_of(ran), OLD)


def test_a_key_that_became_known_ends_at_once(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    ran = run(capsys, "keys", "rotate", "till", "--now", "--json")

    assert keys(folder)["till"] == (hash_of(ran),)


def test_a_browsers_key_stays_one(folder: Path, orchestrator: Script, capsys: Any) -> None:
    assert run(capsys, "keys", "rotate", "site", "--json").json["key"].startswith("cs_b_")


@pytest.mark.parametrize(
    ("more", "left"), [([], (OLD[:-1] + "c",)), (["--newer"], (OLDER,)), (["--all"], None)]
)
def test_revoked_is_the_older_key_unless_another_is_meant(
    folder: Path, orchestrator: Script, capsys: Any, more: list[str], left: tuple[str, ...] | None
) -> None:
    ran = run(capsys, "keys", "revoke", "till", *more)

    assert ran.code == 0
    assert "release 8" in ran.out
    assert keys(folder).get("till") == left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rotate", "till"], "has 2 keys already"),
        (["revoke", "shop"], "one key only"),
        (["create", "shop"], "already"),
        (["rotate", "nobody"], "no source nobody"),
        (["create", "app", "--workspace", "none"], "workspaces/none.yaml"),
        (["create", "Not a name"], "must match"),
        (["create", "app", "--origin", "shop.example"], "must match"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    folder: Path, orchestrator: Script, capsys: Any, arguments: list[str], words: str
) -> None:
    ran = run(capsys, "keys", *arguments)

    assert ran.code == 2
    assert words in ran.err
    assert (folder / "workspaces/default.yaml").read_text() == TEXT
    assert orchestrator.bodies("POST /v1/configuration/apply") == []


def test_what_else_was_changed_is_not_published_along(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    changed = TEXT.replace("name: Shop,", "name: Other,")
    (folder / "workspaces/default.yaml").write_text(changed)
    refused = run(capsys, "keys", "rotate", "shop")
    allowed = run(capsys, "keys", "rotate", "shop", "--pending")

    assert refused.code == 2
    assert "that are not in force" in refused.err
    assert allowed.code == 0
    assert "name: Other" in str(published(orchestrator))


def test_the_commands_of_the_page_work_one_after_the_other(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    text = TEXT.replace(
        "  till: {kind: server, key_sha256: [" + OLD[:-1] + "c, " + OLDER + "]}\n", ""
    )
    (folder / "workspaces/default.yaml").write_text(text)
    page = re.findall(r"^cuestream ([^#\n]+)", PAGE.read_text(), re.MULTILINE)
    codes = [run(capsys, *line.split(), "--pending").code for line in page]

    assert codes == [0, 0, 0, 0]
    assert sorted(keys(folder)) == ["app", "shop", "site", "till"]
    assert len(keys(folder)["till"]) == 1


@pytest.mark.parametrize(("status", "code"), [(409, 2), (503, 3)])
def test_what_could_not_be_published_is_not_in_the_file_either(
    folder: Path, orchestrator: Script, capsys: Any, status: int, code: int
) -> None:
    refusal = {"error": "refused", "detail": "not now"}
    orchestrator.answers["POST /v1/configuration/apply"] = (status, refusal)
    ran = run(capsys, "keys", "rotate", "shop")

    assert (ran.code, ran.out) == (code, "")
    assert (folder / "workspaces/default.yaml").read_text() == TEXT


def publishes_and(orchestrator: Script, folder: Path, answer: Answer) -> None:
    """From now on it publishes what it is sent, and then gives that answer, or hangs up."""

    def publish() -> Answer:
        contents = [content.key for content in load_directory(folder)["default"]]
        in_force = {"workspace": "default", "number": 8, "live": True, "contents": contents}
        orchestrator.answers["GET /v1/configuration"] = (200, [in_force])
        return answer

    orchestrator.answers["POST /v1/configuration/apply"] = publish


@pytest.mark.parametrize(
    "answer",
    [(0, None), (502, {}), (503, {"error": "not_announced", "detail": "stored; it follows"})],
)
def test_what_was_published_although_the_answer_was_lost_stays_in_the_file(
    folder: Path, orchestrator: Script, capsys: Any, answer: Answer
) -> None:
    publishes_and(orchestrator, folder, answer)
    ran = run(capsys, "keys", "rotate", "shop", "--now", "--json")

    assert (ran.code, ran.json["release"]) == (0, 8)
    assert keys(folder)["shop"] == (hash_of(ran),)
    assert "Release 8 is published all the same" in ran.err


def test_what_was_not_published_when_the_answer_was_lost_is_not_in_the_file(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    orchestrator.answers["POST /v1/configuration/apply"] = (0, None)
    ran = run(capsys, "keys", "rotate", "shop", "--now")

    assert (ran.code, ran.out) == (3, "")
    assert "not published: default is at release 7" in " ".join(ran.err.split())
    assert (folder / "workspaces/default.yaml").read_text() == TEXT


def test_where_nobody_can_be_asked_the_key_is_shown_and_the_file_keeps_it(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    def publish() -> Answer:
        orchestrator.answers["GET /v1/configuration"] = (0, None)
        return 0, None

    orchestrator.answers["POST /v1/configuration/apply"] = publish
    ran = run(capsys, "keys", "create", "app", "--json")

    assert (ran.code, ran.json["release"]) == (3, None)
    assert keys(folder)["app"] == (hash_of(ran),)
    assert "`cuestream apply .`" in " ".join(ran.err.split())


def test_a_key_is_not_said_to_be_revoked_where_nobody_knows(
    folder: Path, orchestrator: Script, capsys: Any
) -> None:
    def publish() -> Answer:
        orchestrator.answers["GET /v1/configuration"] = (0, None)
        return 0, None

    orchestrator.answers["POST /v1/configuration/apply"] = publish
    ran = run(capsys, "keys", "revoke", "till")

    assert ran.code == 3
    assert "no longer counts" not in ran.out
    assert len(keys(folder)["till"]) == 1


@pytest.mark.usefixtures("orchestrator")
def test_a_file_that_is_not_utf8_stays_as_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "workspaces/default.yaml"
    file.write_bytes(b"# M\xfcller\n" + TEXT.encode())
    before = file.read_bytes()
    ran = run(capsys, "keys", "create", "crm")

    assert ran.code == 2
    assert "UTF-8" in ran.err
    assert file.read_bytes() == before
