"""The generated pages are current, every link leads somewhere, and one event never passes more than five files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.contracts import document
from cuestream.stack.plan import CUESTREAM
from docs.generator import paths, settings
from docs.generator.pages import between_marks, pages
from tests.architecture.tree import ROOT, File, files

PAGES = [file for file in files() if file.name.endswith(".md")]


def test_generated_pages_are_current() -> None:
    topics = {f"docs/topics/{name}": text for name, text in document.pages().items()}
    wanted = {**pages(), **topics}
    stale = [name for name, text in wanted.items() if (ROOT / name).read_text() != text]

    assert stale == [], "run make docs"


@pytest.mark.parametrize("passage", paths.PASSAGES, ids=lambda passage: passage.process)
def test_one_event_passes_no_more_files_than_a_reader_follows(passage: paths.Passage) -> None:
    assert len(paths.files(passage)) <= paths.LONGEST


def test_every_process_that_an_event_passes_has_a_way() -> None:
    told = {passage.process for passage in paths.PASSAGES}
    processes = {" ".join(service.module) for service in CUESTREAM.services}

    # The other two apis show and take back; no customer's event goes through them.
    assert processes - told == {"orchestrator api", "dispatcher api"}
    assert told <= processes


def test_a_detour_is_seen() -> None:
    passage = paths.Passage("docs generator", "a page", ("docs.generator.pages:pages",))

    assert paths.files(passage) == ["generator/"]


def test_every_variable_says_what_it_is_for() -> None:
    silent = [
        variable
        for group in settings.groups()
        for variable, field in group.fields.items()
        if not (field.description or "").rstrip().endswith((".", ")"))
    ]

    assert silent == []


def test_what_is_written_by_hand_stays() -> None:
    text = "before\n<!-- generated -->\nold\n<!-- end -->\nafter"

    assert between_marks(text, "new\n") == text.replace("old", "new")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: File) -> None:
    prose = re.sub(r"```.*?```", "", page.text, flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", prose)
    folder = ROOT / Path(page.name).parent

    assert [target for target in targets if not (folder / target).exists()] == []
