"""The tables of docs/vocabulary.md: canonical names of activities and properties, and what others call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.domain.segment.properties import ALLOWED
from ingest.domain.vocabulary import CANONICAL, EVENT, PRODUCT, PROMOTION
from ingest.domain.vocabulary.names import FORMER, GA4, turned


def tables() -> str:
    """Both tables under their headings."""
    return "\n".join([*_names(), "", *_properties()]) + "\n"


def _names() -> Iterator[str]:
    yield "## Activities\n"
    yield "| canonical: Segment, RudderStack | Google Analytics 4 | also |"
    yield "|---|---|---|"
    for name in CANONICAL:
        former = [other for other, meant in FORMER.items() if meant == name]
        also = [first for other in (name, *former) if (first := turned(other)) is not None]
        yield f"| {name} | {_listed(_called(GA4, name))} | {_listed([*former, *also])} |"


def _properties() -> Iterator[str]:
    yield "## Properties\n"
    yield "| canonical | form | Google Analytics 4; `id`: Segment's first version |"
    yield "|---|---|---|"
    for name, form in ALLOWED.items():
        others = [
            *_called(EVENT, name),
            *(f"{other} of an item" for other in _called(PRODUCT, name)),
            *(f"{other} of a promotion" for other in _called(PROMOTION, name)),
        ]
        yield f"| `{name}` | {form.__name__.strip('_')} | {', '.join(map(_quoted, others)) or '–'} |"


def _quoted(text: str) -> str:
    name, _, rest = text.partition(" ")
    return f"`{name}` {rest}".strip()


def _called(table: Mapping[str, str], meant: str) -> list[str]:
    return [other for other, name in table.items() if name == meant]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"
