"""Reads `templates/<message>.<channel>.<locale>.liquid`: a YAML header, then the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from common.documents import DocumentError, parse_document
from dispatcher.domain.templates.engine import LiquidError, TemplateError, environment
from dispatcher.domain.templates.vocabulary import unknown_words

_NAME = re.compile(
    r"templates/(?P<message>[a-z][a-z0-9_]*)\.(?P<channel>[a-z]+)"
    r"\.(?P<locale>[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)(?P<text>\.txt)?\.liquid"
)
_HEADER = re.compile(r"\A---[ \t]*\r?\n(?P<header>.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)

CONFIRMABLE = frozenset(
    f"{channel}.{purpose}"
    for channel in ("email", "ads")
    for purpose in ("marketing", "transactional", "profiling")
)
"""What a mail can prove: the consent of whoever reads what is sent to that address, on the channels that use it."""
_CONFIRM_LINK = "links.confirm"
_html = environment(escape=True)
_plain = environment(escape=False)


class Part(Protocol):
    """A piece of compiled Liquid."""

    def render(self, *args: object, **kwargs: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Template:
    """One message on one channel in one locale."""

    name: str
    locale: str
    subject: Part
    preheader: Part | None
    html: Part
    text: Part | None
    confirms: str | None = None
    """`channel.purpose` that the mail asks to confirm."""


@dataclass(frozen=True, slots=True)
class Templates:
    """All templates of one version of a playbook."""

    by_message: Mapping[tuple[str, str], Mapping[str, Template]]
    """(message, channel) → locale → template."""

    def of(self, message: str, channel: str) -> Mapping[str, Template]:
        return self.by_message.get((message, channel), {})

    def confirms(self, message: str, channel: str) -> str | None:
        """What a message asks to confirm, whatever the locale."""
        return next((template.confirms for template in self.of(message, channel).values()), None)


def read_templates(files: Mapping[str, str]) -> Templates:
    """Read and compile the templates among a playbook's files.

    Raises:
        TemplateError: a name, a header or a piece of Liquid is wrong; the detail names the file.
    """
    found: dict[tuple[str, str], dict[str, Template]] = {}
    for path in sorted(files):
        if not path.startswith("templates/") or path.endswith(".txt.liquid"):
            continue
        match = _NAME.fullmatch(path)
        if match is None:
            raise TemplateError(f"{path}: expected templates/<message>.<channel>.<locale>.liquid")
        template = _template(path, match["locale"], files)
        others = found.setdefault((match["message"], match["channel"]), {})
        if any(other.confirms != template.confirms for other in others.values()):
            raise TemplateError(f"{path}: confirms something else than in another locale")
        others[match["locale"]] = template
    _refuse_orphans(files)
    return Templates(found)


def find_problems(files: Mapping[str, str]) -> list[TemplateError]:
    """What is wrong with a playbook's templates: the first thing in each file."""
    found: list[TemplateError] = []
    paths = {path for path in files if path.startswith("templates/")}
    for path in sorted(paths):
        html = path.replace(".txt.liquid", ".liquid")
        text = html.removesuffix(".liquid") + ".txt.liquid"
        if path == text and html in paths:
            continue  # it is read with the other one
        try:
            read_templates({each: files[each] for each in {html, text} & paths})
        except TemplateError as error:
            found.append(error)
    if not found:
        try:
            read_templates({path: files[path] for path in paths})
        except TemplateError as error:
            found.append(error)
    return found


def _template(path: str, locale: str, files: Mapping[str, str]) -> Template:
    header, body, above = _split(path, files[path])
    text = files.get(path.removesuffix(".liquid") + ".txt.liquid")
    _require_link(path, body, text, asks="confirms" in header)
    return Template(
        name=path,
        locale=locale,
        subject=_compiled(path, header["subject"], escape=False),
        preheader=_compiled(path, header["preheader"], escape=True)
        if "preheader" in header
        else None,
        html=_compiled(path, body, escape=True, above=above),
        text=None if text is None else _compiled(path, text, escape=False),
        confirms=_confirms(path, header),
    )


def _confirms(path: str, header: Mapping[str, str]) -> str | None:
    key = header.get("confirms")
    if key is not None and key not in CONFIRMABLE:
        raise TemplateError(f"{path}: confirms is one of {', '.join(sorted(CONFIRMABLE))}")
    return key


def _require_link(path: str, body: str, text: str | None, *, asks: bool) -> None:
    """A mail that asks for consent has the link, and no other mail has."""
    for source in filter(None, (body, text)):
        if asks != (_CONFIRM_LINK in source):
            told = f"no {_CONFIRM_LINK}" if asks else f"{_CONFIRM_LINK}, but no `confirms:` above"
            raise TemplateError(f"{path}: {told}")


def _split(path: str, text: str) -> tuple[Mapping[str, str], str, int]:
    """The header's fields, the body, and how many lines stand above the body."""
    match = _HEADER.match(text)
    if match is None:
        raise TemplateError(f"{path}:1: expected a header between two lines of ---")
    try:
        fields = parse_document(path, match["header"]).fields(
            required=["subject"], optional=["preheader", "confirms"]
        )
        header = {name: fields[name].text() for name in fields}
        return header, text[match.end() :], match[0].count("\n")
    except DocumentError as error:
        raise TemplateError(error.detail) from error


def _compiled(path: str, source: str, *, escape: bool, above: int = 0) -> Part:
    try:
        template = (_html if escape else _plain).from_string(source, name=path)
    except LiquidError as error:
        index = error.token.start_index if error.token else -1
        raise TemplateError(f"{path}{_line(source, index, above)}: {error.args[0]}") from error
    for index, what in unknown_words(template):
        raise TemplateError(f"{path}{_line(source, index, above)}: {what}")
    return template


def _line(source: str, index: int, above: int) -> str:
    return f":{source.count(chr(10), 0, index) + above + 1}" if index >= 0 else ""


def _refuse_orphans(files: Mapping[str, str]) -> None:
    for path in files:
        if path.startswith("templates/") and path.endswith(".txt.liquid"):
            html = path.removesuffix(".txt.liquid") + ".liquid"
            if html not in files:
                raise TemplateError(f"{path}: there is no {html} beside it")
