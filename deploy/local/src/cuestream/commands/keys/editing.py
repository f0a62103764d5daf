"""Changes a source's keys in the text of a workspace's file, and leaves every other character as it is."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from cuestream.failures import UsageError

KEYS = "key_sha256"
MOST_KEYS = 2
_BY_HAND = "Change the file by hand, then `cuestream apply`."


def keys_of(text: str, source: str) -> tuple[str, ...]:
    """The hashes of a source's keys, the newest first.

    Raises:
        UsageError: there is no such source, or it has no keys.
    """
    node = _keys_node(text, source)
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(str(item.value) for item in items)


def kind_of(text: str, source: str) -> str:
    """The source's kind, such as `browser`.

    Raises:
        UsageError: there is no such source.
    """
    _, value = _found(_sources(text), source)
    members = value.value if isinstance(value, yaml.MappingNode) else ()
    return next((str(node.value) for key, node in members if key.value == "kind"), "")


def with_keys(text: str, source: str, hashes: Sequence[str]) -> str:
    """The text with these keys of the source instead of those that it has.

    Raises:
        UsageError: there is no such source, or it has no keys.
    """
    node = _keys_node(text, source)
    written = hashes[0] if len(hashes) == 1 else f"[{', '.join(hashes)}]"
    end = node.end_mark.index
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        # A block ends where the next thing begins; the line break before that stays.
        end = len(text[:end].rstrip())
        written = f" {written}" if text[node.start_mark.index - 1] == "\n" else written
    return text[: node.start_mark.index] + written + text[end:]


def with_source(text: str, source: str, hash_: str, *, origins: Sequence[str] = ()) -> str:
    """The text with one more source: a browser's where it has origins, else a server's.

    Raises:
        UsageError: there is a source of that name, or the sources are not written in lines of their own.
    """
    sources = _sources(text)
    if any(str(key.value) == source for key, _ in sources.value):
        raise UsageError(
            f"There is a source {source} already.", "`cuestream keys rotate` adds a key."
        )
    if sources.flow_style:
        raise UsageError("The sources are written in one line.", _BY_HAND)
    first = sources.value[0][0].start_mark
    kind = "browser" if origins else "server"
    lines = [f"{source}:", f"  kind: {kind}", f"  {KEYS}: {hash_}"]
    if origins:
        lines.append(f"  origins: [{', '.join(_quoted(origin) for origin in origins)}]")
    newline = "\r\n" if "\r\n" in text else "\n"
    block = "".join(f"{' ' * first.column}{line}{newline}" for line in lines)
    # Right below `sources:`, so that no comment comes to stand above another source than it is about.
    place = text.index("\n", _key_of(text, "sources").end_mark.index) + 1
    return text[:place] + block + text[place:]


def without_source(text: str, source: str) -> str:
    """The text without a source, and with the comments before and behind it.

    Raises:
        UsageError: there is no such source, it is the only one, or the sources are not written in lines of their own.
    """
    sources = _sources(text)
    key, value = _found(sources, source)
    if len(sources.value) == 1:
        raise UsageError(f"{source} is the only source.", "A workspace has one at least.")
    if sources.flow_style:
        raise UsageError("The sources are written in one line.", _BY_HAND)
    start = key.start_mark.index - key.start_mark.column
    lines = text[start : value.end_mark.index].splitlines(keepends=True)
    kept = len(lines)
    while kept > 1 and _is_between(lines[kept - 1], key.start_mark.column):
        kept -= 1
    end = start + sum(len(line) for line in lines[:kept])
    if not text[:end].endswith("\n"):  # the value ends within its line
        end = text.find("\n", end) + 1 or len(text)
    return text[:start] + text[end:]


def _is_between(line: str, column: int) -> bool:
    """Whether a line is nothing of a block's: empty, or a comment or white space outside of it."""
    bare = line.strip()
    return not bare or (bare.startswith("#") and len(line) - len(line.lstrip()) <= column)


def _keys_node(text: str, source: str) -> yaml.Node:
    _, value = _found(_sources(text), source)
    for key, node in value.value if isinstance(value, yaml.MappingNode) else ():
        if key.value == KEYS:
            found: yaml.Node = node
            return found
    raise UsageError(
        f"{source} has no keys.", "Webhooks are signed with secrets: name a second one in the file."
    )


def _found(sources: yaml.MappingNode, source: str) -> tuple[yaml.Node, yaml.Node]:
    for key, value in sources.value:
        if str(key.value) == source:
            return key, value
    known = ", ".join(str(key.value) for key, _ in sources.value)
    raise UsageError(f"There is no source {source}.", f"Sources: {known}.")


def _sources(text: str) -> yaml.MappingNode:
    root = _root(text)
    for key, value in root.value:
        if key.value == "sources" and isinstance(value, yaml.MappingNode) and value.value:
            return value
    raise UsageError("The workspace's file has no sources.", _BY_HAND)


def _key_of(text: str, name: str) -> yaml.Node:
    found: yaml.Node = next(key for key, _ in _root(text).value if key.value == name)
    return found


def _root(text: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UsageError(f"The workspace's file is not YAML: {error}.") from error
    if not isinstance(root, yaml.MappingNode):
        raise UsageError("The workspace's file is no mapping.")
    return root


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
