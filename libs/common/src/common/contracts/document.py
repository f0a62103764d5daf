"""`python -m common.contracts.document DIR` writes the JSON Schemas and the table of topics into a directory.

The schemas that are there count as published: a breaking change to one of them is refused, with exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from common.contracts.compatibility import broken_types
from common.contracts.index import payload_types
from common.contracts.schemas import ENVELOPE, Schema, all_schemas

SUFFIX = ".json"
INTRODUCTION = f"""\
# Topics

What is on the wire, generated from the code by `python -m common.contracts.document docs/topics`.

Every value is a CloudEvents 1.0 JSON document ([`{ENVELOPE}{SUFFIX}`]({ENVELOPE}{SUFFIX})); its `type` says what is in `data`.
A tombstone is the only value that is not. Fields are added, never removed, renamed, narrowed or newly required: readers
ignore what they do not know. `all` partitions is the installation's number (local 6, production 48): the same key lies in the same
partition of all of them. What can never be processed goes to `<topic>.quarantine`, kept for 7 d, where the table says so.

| topic | key | partitions | kept | quarantine | holds | types |
|---|---|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """File name → text of everything that is generated."""
    schemas = all_schemas()
    files = {name + SUFFIX: _json(schema) for name, schema in schemas.items()}
    return {**files, "README.md": INTRODUCTION + "".join(_rows()) + _types_table(schemas)}


def published(directory: Path) -> dict[str, Schema]:
    """The schemas in a directory, by type."""
    return {
        path.name.removesuffix(SUFFIX): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(directory.glob(f"*{SUFFIX}"))
    }


def main(arguments: Sequence[str]) -> int:
    """Write the pages; the exit code says whether that was allowed."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m common.contracts.document DIR\n")
        return 2
    directory = Path(arguments[0])
    broken = broken_types(published(directory), all_schemas())
    if broken:
        lines = "".join(f"  {line}\n" for line in broken)
        sys.stderr.write(f"not written, this breaks what is published:\n{lines}")
        return 1
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")
    return 0


def _json(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _rows() -> Iterator[str]:
    text = resources.files("common.contracts").joinpath("topics.yaml").read_text(encoding="utf-8")
    for name, spec in yaml.safe_load(text).items():
        types = [
            f"[`{type_}`]({type_}{SUFFIX})"
            for type_, cls in payload_types().items()
            if name in cls.TOPICS
        ]
        quarantine = "yes" if spec.get("quarantine") else "–"
        cells = (
            f"`{name}`",
            spec["key"],
            str(spec["partitions"]),
            _kept(spec),
            quarantine,
            spec["holds"],
            "<br>".join(types) or "–",
        )
        yield f"| {' | '.join(cells)} |\n"


def _kept(spec: Mapping[str, Any]) -> str:
    if not spec.get("compact"):
        return str(spec["retention"])
    lags = [
        f"{word} {spec[key]}"
        for word, key in (("not before", "min_compaction_lag"), ("within", "max_compaction_lag"))
        if key in spec
    ]
    return ", ".join(["compacted", *lags])


def _types_table(schemas: Mapping[str, Schema]) -> str:
    lines = ["\n## Types\n"]
    for type_, cls in payload_types().items():
        definition = schemas[type_]["$defs"][cls.__name__]
        lines.append(f"\n### `{type_}`\n\n{definition.get('description', '')}\n\n")
        lines.append("| field | type | | |\n|---|---|---|---|\n")
        required = definition.get("required", ())
        for name, field in definition["properties"].items():
            needed = "required" if name in required else "optional"
            words = field.get("description", "").replace("|", "\\|")
            lines.append(f"| `{name}` | {_type_words(field)} | {needed} | {words} |\n")
    return "".join(lines)


def _type_words(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type_words(part) for part in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_words(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type_words(schema['additionalProperties'])}"
    return str(schema.get("format") or schema.get("type") or "anything")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
