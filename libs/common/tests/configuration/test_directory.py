"""A directory of configuration files to contents by hash."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.configuration import ConfigurationError, hash_of, load_directory, parse_workspace
from libs.common.tests.configuration.making import WORKSPACE

ROOT = Path(__file__).parents[4]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write(tmp_path / "workspaces/shop.yaml", WORKSPACE)
    write(tmp_path / "playbooks/cart/journey.yaml", "purpose: marketing\n")
    write(tmp_path / "playbooks/cart/templates/reminder.email.de.liquid", "Hallo\n")
    write(tmp_path / "playbooks/cart/examples/one.yaml", "events: []\n")
    write(tmp_path / "models/lead.yaml", "half_life: 30d\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def problems(directory: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_directory(directory)
    return [problem.sentence() for problem in caught.value.problems]


def test_a_workspace_gets_itself_its_model_and_all_playbooks(directory: Path) -> None:
    contents = load_directory(directory)["shop"]

    assert [(content.kind, content.name) for content in contents] == [
        ("lead_model", "lead"),
        ("playbook", "cart"),
        ("workspace", "shop"),
    ]
    assert contents[0].files == {"model.yaml": "half_life: 30d\n"}
    assert list(contents[1].files) == ["journey.yaml", "templates/reminder.email.de.liquid"]
    assert contents[2].files == {"workspace.yaml": WORKSPACE}


def test_a_workspace_may_choose_its_playbooks(directory: Path) -> None:
    write(directory / "playbooks/other/journey.yaml", "purpose: marketing\n")
    write(directory / "workspaces/shop.yaml", WORKSPACE + "playbooks: [other]\n")

    names = [content.name for content in load_directory(directory)["shop"]]

    assert names == ["lead", "other", "shop"]


def test_a_checkout_on_another_system_has_the_same_hashes(directory: Path) -> None:
    before = load_directory(directory)["shop"]
    for path in directory.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        write(path, "\ufeff" + text.replace("\n", "\r\n"))

    assert load_directory(directory)["shop"] == before


def test_a_file_that_is_not_text_is_named(directory: Path) -> None:
    picture = directory / "playbooks/cart/templates/logo.png"
    picture.write_bytes(b"\x89PNG\xff")
    write(directory / "models/lead.yaml", "half_life: \0\n")

    assert problems(directory) == [
        "playbooks/cart/templates/logo.png: this file is not text (UTF-8)",
        "models/lead.yaml: this file is not text (UTF-8)",
    ]


def test_a_file_or_folder_that_is_too_large_is_named(directory: Path) -> None:
    write(directory / "playbooks/cart/templates/big.email.de.liquid", "x" * (256 * 1024 + 1))
    for n in range(4):
        write(directory / f"playbooks/heavy/templates/m{n}.email.de.liquid", "x" * 255 * 1024)
    write(directory / "playbooks/heavy/journey.yaml", "purpose: marketing\n")

    assert problems(directory) == [
        "playbooks/cart/templates/big.email.de.liquid: this file is larger than 256 KiB",
        "playbooks/heavy: all files together are larger than 768 KiB",
    ]


def test_what_does_not_belong_into_a_playbook_is_named(directory: Path) -> None:
    write(directory / "playbooks/cart/template/x.liquid", "x")
    write(directory / "playbooks/empty/README.md", "x")

    assert problems(directory) == [
        "playbooks/cart/template: this is not part of a playbook; did you mean `templates`?",
        "playbooks/empty: this playbook has no journey.yaml",
    ]


def test_an_unknown_playbook_is_named(directory: Path) -> None:
    more = "playbooks: [card]\nparameters: {cart: {silence: 10s}}\n"
    write(directory / "workspaces/shop.yaml", WORKSPACE + more)

    assert problems(directory) == [
        "workspaces/shop.yaml: playbooks: there is no playbook `card`; did you mean `cart`?",
        "workspaces/shop.yaml: parameters: `cart` is not an active playbook; did you mean `card`?",
    ]


def test_problems_of_all_files_are_told_at_once(directory: Path) -> None:
    write(directory / "workspaces/odd.yaml", "sources: {}\n")
    write(directory / "workspaces/worse.yaml", "a: [\n")

    found = problems(directory)

    assert any(text.startswith("workspaces/odd.yaml:1: sources") for text in found)
    assert any(text.startswith("workspaces/worse.yaml:") for text in found)


def test_a_directory_without_workspaces_is_a_mistake(tmp_path: Path) -> None:
    assert problems(tmp_path) == ["workspaces: there is no workspace, no *.yaml file"]


def test_our_own_directory_loads() -> None:
    loaded = load_directory(ROOT)

    assert loaded.keys() >= {"default", "demo"}
    for name, contents in loaded.items():
        file = next(content for content in contents if content.kind == "workspace")
        workspace = parse_workspace(name, file.files["workspace.yaml"])
        assert all(source.local_only for source in workspace.sources.values())
        assert workspace.delivery.mode == "sink"


files = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=4)


@given(files, files)
def test_only_the_same_files_have_the_same_hash(one: dict[str, str], other: dict[str, str]) -> None:
    assert (hash_of(one) == hash_of(other)) == (one == other)
    assert hash_of(dict(reversed(one.items()))) == hash_of(one)


def test_the_hash_is_what_was_published() -> None:
    # A constant of the format: other values would orphan everything that is in a topic.
    assert hash_of({"b": "ä", "a": ""}) == (
        "c201021310af5421df954c98e2f0ac258a6a7b634fa6e3c983fae05f000091d4"
    )
