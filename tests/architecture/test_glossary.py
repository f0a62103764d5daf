"""One thing has one name: docs/glossary.md is asked about classes, topics and tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.architecture.tree import ROOT, SOURCES, File, modules, words

# Not our word for that thing, but the right word for another.
ELSEWHERE = {
    "action": "an action request is a term of its own",
    "app": "an ASGI app",
    "client": "the other side of a connection",
    "contact": "the contact snapshot (profile.contacts), the contact log",
    "group": "a consumer group",
    "hit": "a cache is hit",
    "instance": "of a class",
    "level": "of a log line",
    "list": "Python's",
    "master": "of a replication",
    "message": "what a playbook can say",
    "customer": "the view that conditions and templates read",
    "node": "a Kafka node, a syntax node",
    "run": "a test run",
    "send": "the dispatcher's process",
    "user": "Segment's user id, a PostgreSQL user",
    "webhook": "an incoming source, a channel",
}


def rows(text: str) -> Iterator[tuple[str, str]]:
    """Term and what we do not say, from the page's table."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "term":
            yield cells[0], cells[2]


def forbidden(text: str) -> set[str]:
    said = (
        re.sub(r"\(.*?\)", "", word).strip().lower()
        for _, column in rows(text)
        for word in column.split(",")
    )
    return {word for word in said if word not in ("", "–")} - set(ELSEWHERE)


GLOSSARY = (ROOT / "docs/glossary.md").read_text()
FORBIDDEN = forbidden(GLOSSARY)


def misnamed(name: str) -> list[str]:
    """The forbidden words that are in a name; `fencing token` and `opt-in flag` are found as a whole."""
    spoken = f" {' '.join(words(name))} "
    return sorted(
        word for word in FORBIDDEN if re.search(rf" {re.sub('[^a-z]+', ' ', word)}s? ", spoken)
    )


def classes(file: File) -> list[str]:
    return [
        f"{file.name}: {node.name}"
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef) and misnamed(node.name)
    ]


def tables(text: str) -> list[str]:
    """What a text of SQL or of alembic operations creates."""
    sql = re.findall(r"create\s+table\s+(?:if\s+not\s+exists\s+)?([\w.]+)", text, re.IGNORECASE)
    return [*sql, *re.findall(r"create_table\(\s*[\"']([\w.]+)", text)]


def test_the_glossary_forbids_something() -> None:
    assert {"tenant", "campaign", "checkpoint", "dlq", "coupon"} <= FORBIDDEN


def test_what_is_right_elsewhere_is_still_in_the_glossary() -> None:
    everything = " ".join(column for _, column in rows(GLOSSARY)).lower()

    assert [word for word in ELSEWHERE if word not in everything] == []


def test_no_class_has_a_forbidden_name() -> None:
    assert [finding for file in modules() for finding in classes(file)] == []


def test_no_topic_has_a_forbidden_name() -> None:
    topics = yaml.safe_load((SOURCES["common"] / "contracts/topics.yaml").read_text())

    assert [topic for topic in topics if misnamed(topic)] == []


def test_no_table_has_a_forbidden_name() -> None:
    created = [table for file in modules() for table in tables(file.text)]

    assert [table for table in created if misnamed(table)] == []


@pytest.mark.parametrize(
    "name", ["TenantId", "org_settings", "CampaignStarted", "seen_checkpoints", "events.dlq"]
)
def test_a_forbidden_name_is_found(name: str) -> None:
    assert misnamed(name)


@pytest.mark.parametrize("name", ["Workspace", "Organisation", "UserId", "ConsumerGroup"])
def test_a_good_name_is_left_alone(name: str) -> None:
    assert misnamed(name) == []
