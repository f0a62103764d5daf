"""The tables of docs/connect/<vendor>.md: what each topic of a vendor becomes, read from the vendor's mapping."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.domain.webhooks import VENDORS
from ingest.domain.webhooks.mapping import Field, Meaning, Said

PAGES = ("shopify", "woocommerce", "shopware", "hubspot", "salesforce", "stripe")
_NAME = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+)+")


def table(kind: str) -> str:
    """One line for each thing that some topics mean; topics that mean the same share it."""
    lines = ["| topic | becomes | with |", "|---|---|---|"]
    same: dict[str, list[str]] = {}
    for topic, meaning in VENDORS[kind].topics.items():
        same.setdefault(_meant(meaning), []).append(topic)
    for meant, topics in same.items():
        lines.append(f"| {', '.join(f'`{topic}`' for topic in topics)} | {meant} |")
    return "\n".join(lines) + "\n"


def _meant(meaning: Meaning) -> str:
    done = [said for said in meaning.said if said.kind == "track"]
    known = [name for said in meaning.said if said.kind == "identify" for name in _fields(said)]
    names = [name for said in done for name in names_of(said.event)]
    fields = [name for said in done for name in said.fields]
    became = ", ".join(names) or "who somebody is"
    if meaning.who is None:
        became += " ([catalog](catalog.md))"
    told = ", ".join(f"`{name}`" for name in fields)
    person = "of the person " + ", ".join(f"`{name}`" for name in known) if known else ""
    return f"{became} | {'; '.join(filter(None, [told, person])) or 'the ids, which link'}"


def _fields(said: Said) -> Iterator[str]:
    """A consent by its channel and purpose, any other trait by its name."""
    for name, field in said.fields.items():
        if name == "consents" and callable(field):
            yield from (f"consents.{key}" for key in _enclosed(field)["by_key"])
        else:
            yield name


def names_of(event: Field) -> list[str]:
    """Every name that an event's function can give: one is fixed, one is chosen from a table, or it stands in the code."""
    if isinstance(event, str):
        return [event]
    enclosed = _enclosed(event)
    if "choices" in enclosed:
        others = [enclosed["otherwise"]] if enclosed["otherwise"] else []
        return list(dict.fromkeys([*enclosed["choices"].values(), *others]))
    if "value" in enclosed:
        return [enclosed["value"]]
    written = inspect.unwrap(event).__code__.co_consts
    return [text for text in written if isinstance(text, str) and _NAME.fullmatch(text)]


def _enclosed(function: Any) -> Mapping[str, Any]:
    return inspect.getclosurevars(function).nonlocals
