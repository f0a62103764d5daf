"""What of a new schema breaks those who wrote or read by the old one.

Fields are added, never removed, renamed, narrowed or newly required; a breaking change is a new version of the type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


def broken_types(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Every breaking change between two sets of schemas by type, in words."""
    found: list[str] = []
    for type_ in sorted(old):
        if type_ in new:
            found += [f"{type_}: {words}" for words in breaking_changes(old[type_], new[type_])]
        else:
            found.append(f"{type_}: the type was removed; old records still carry it")
    return found


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What a record that fits the old schema may have that the new one does not take, in words."""
    return list(_Comparison(old, new).compare(old, new, ""))


@dataclass(slots=True)
class _Comparison:
    old_root: Schema
    new_root: Schema
    _open: frozenset[tuple[str, str]] = frozenset()

    def compare(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        references = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(references) and references in self._open:
            return
        before, self._open = self._open, self._open | {references}
        olds, news = _alternatives(self.old_root, old), _alternatives(self.new_root, new)
        for one in olds:
            tried = [list(self._one(one, other, path)) for other in news]
            if [] not in tried:
                same_kind = [t for t, other in zip(tried, news, strict=True) if _alike(one, other)]
                yield from same_kind[0] if same_kind else [self._narrowed(olds, news, path)]
        self._open = before

    def _one(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Breaking changes between two schemas that are no unions."""
        if not _kind(new) and "enum" not in new:
            return
        if not _alike(old, new):
            yield self._narrowed([old], [new], path)
            return
        gone = sorted(set(map(str, old.get("enum", ()))) - set(map(str, new.get("enum", ()))))
        if "enum" in new and "enum" not in old:
            yield f"{_at(path)} may now only be one of {', '.join(map(str, new['enum']))}"
        elif "enum" in new and gone:
            yield f"{_at(path)} may no longer be {', '.join(gone)}"
        yield from self._inside(old, new, path)

    def _inside(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if "properties" in old or "properties" in new:
            yield from self._fields(old, new, path)
        for part, mark in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(new.get(part), Mapping):
                inner = old.get(part)
                there = inner if isinstance(inner, Mapping) else {}
                yield from self.compare(there, new[part], path + mark)

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        added = [name for name in now if name not in before]
        for name, schema in before.items():
            place = f"{path}.{name}" if path else name
            if name not in now:
                yield f"{_at(place)} was removed{self._renamed(schema, added, now)}"
            else:
                yield from self.compare(schema, now[name], place)
        for name in new.get("required", ()):
            if name not in old.get("required", ()):
                place = f"{path}.{name}" if path else name
                yield f"{_at(place)} is newly required; old records may lack it: give it a default"

    def _renamed(self, schema: Schema, added: list[str], now: Mapping[str, Schema]) -> str:
        olds = _alternatives(self.old_root, schema)
        for name in added:
            news = _alternatives(self.new_root, now[name])
            if [_kind(part) for part in olds] == [_kind(part) for part in news]:
                return f" (renamed to `{name}`?): keep it beside the new one"
        return ": keep it, or make a new version of the type"

    def _narrowed(self, olds: list[Schema], news: list[Schema], path: str) -> str:
        return f"{_at(path)} was {_words(olds)}, is now only {_words(news)}"


def _alternatives(root: Schema, schema: Schema) -> list[Schema]:
    """The schema's branches, with references followed."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return _alternatives(root, root["$defs"][name])
    if "anyOf" in schema:
        return [found for part in schema["anyOf"] for found in _alternatives(root, part)]
    return [schema]


def _kind(schema: Schema) -> str:
    """Type and format in one word; empty where anything goes."""
    if "enum" in schema:
        return "string"
    return " ".join(str(schema[key]) for key in ("type", "format") if key in schema)


def _alike(old: Schema, new: Schema) -> bool:
    """Whether the new kind takes the old one's values."""
    one, other = _kind(old), _kind(new)
    without_format = str(old.get("type", one)) == other
    return one == other or without_format or (one == "integer" and other == "number")


def _words(schemas: list[Schema]) -> str:
    return " or ".join(_kind(schema) or "anything" for schema in schemas)


def _at(path: str) -> str:
    return f"field `{path}`" if path else "the whole"
