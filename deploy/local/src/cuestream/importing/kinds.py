"""What can be imported: how its files are read, and what becomes of a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from cuestream.failures import UsageError
from cuestream.importing import catalog, consents, events
from cuestream.importing.events import Message
from cuestream.importing.lines import Bad, Row, csv_rows, json_lines

Rows = Callable[[IO[bytes]], Iterator[Row | Bad]]
Meaning = Callable[[Row], list[Message]]
TABLES = frozenset({".csv", ".tsv"})
LISTS = frozenset({".jsonl", ".ndjson"})


@dataclass(frozen=True, slots=True)
class Reading:
    """How one file is read."""

    rows: Rows
    meaning: Meaning
    """Raises BadLineError."""


def reading_of(kind: str, file: Path, renamed: Mapping[str, str]) -> Reading:
    """How a file of this kind is read, by how its name ends.

    Raises:
        UsageError: files of that kind do not end so.
    """
    forms = KINDS[kind]
    suffix = file.suffix.lower()
    if suffix not in forms:
        raise UsageError(
            f"{file.name} is no file of {kind} that can be read.",
            f"Its name has to end with {', '.join(sorted(forms))}.",
        )
    rows: Rows = partial(csv_rows, renamed=renamed) if suffix in TABLES else _ROWS[suffix]
    return Reading(rows, forms[suffix])


_ROWS: Mapping[str, Rows] = {
    **dict.fromkeys(LISTS, json_lines),
    ".json": catalog.of_json,
    ".xml": catalog.of_feed,
}


KINDS: Mapping[str, Mapping[str, Meaning]] = {
    "events": {
        **dict.fromkeys(TABLES, events.of_table),
        **dict.fromkeys(LISTS, events.of_json),
    },
    "consents": dict.fromkeys(TABLES, consents.consent),
    "suppressions": dict.fromkeys(TABLES, consents.suppression),
    "catalog": dict.fromkeys((*TABLES, *LISTS, ".json", ".xml"), catalog.product),
}
"""By kind and by how the file's name ends."""
