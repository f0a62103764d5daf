"""The library knows no service: what only one of them needs does not belong in it."""

from __future__ import annotations

import pytest
import yaml

from tests.architecture.tree import SERVICES, SOURCES, File, identifiers, modules, strings, words

# The shared language; the rest of the library carries it without reading it. `contracts` is the language itself:
# what it says of a service (`IngestProgressed`) all services read.
LANGUAGE = ("configuration", "conditions", "customer")
DOMAIN = {
    *("lead", "churn", "cart", "product", "voucher", "budget"),
    *("playbook", "journey", "enrollment", "proposal", "decision", "auction"),
    *("delivery", "suppression", "unsubscribe", "consent", "campaign"),
}
TOPICS = set(yaml.safe_load((SOURCES["common"] / "contracts/topics.yaml").read_text()))
_PREFIX = "libs/common/src/common/"


def service_words(file: File) -> list[str]:
    """Identifiers that speak of one service's business, and strings that name a service."""
    room = file.name.removeprefix(_PREFIX).split("/")[0].removesuffix(".py")
    if room == "contracts":
        return []
    spoken = set(SERVICES) if room in LANGUAGE else set(SERVICES) | DOMAIN
    named = [
        f"{file.name}:{line}: {name}"
        for name, line in identifiers(file.tree)
        if any(word.removesuffix("s") in spoken or word in spoken for word in words(name))
    ]
    quoted = [
        f"{file.name}:{line}: {text!r}"
        for text, line in strings(file.tree)
        if text in SERVICES
        or (text.split(".")[0] in SERVICES and text not in TOPICS and " " not in text)
    ]
    return named if room == "testing" else named + quoted  # it plays the services' parts


def test_the_library_speaks_of_no_service() -> None:
    library = [file for file in modules() if file.name.startswith(_PREFIX)]

    assert library
    assert [finding for file in library for finding in service_words(file)] == []


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("consuming/loop.py", "def fold_cart(): ..."),
        ("consuming/loop.py", "lead_scores = 1"),
        ("kafka/topics.py", "name = 'scoring'"),
        ("postgres/book.py", "schema = 'ingest.profiles'"),
        ("customer/cart.py", "def for_dispatcher(): ..."),
    ],
)
def test_a_service_word_is_found(room: str, text: str) -> None:
    assert service_words(File(_PREFIX + room, text))


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("customer/cart.py", "class Cart: ..."),
        ("consuming/virtual_time.py", "topic = 'ingest.progress'"),
        ("consuming/loop.py", '"""Only ingest resolve remembers ids."""'),
    ],
)
def test_what_is_everybodys_is_left_alone(room: str, text: str) -> None:
    assert service_words(File(_PREFIX + room, text)) == []
