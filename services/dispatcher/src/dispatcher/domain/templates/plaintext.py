"""The text part of a mail, told from its HTML for those who read without it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from typing_extensions import override

_APART = frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "p", "table", "ul", "ol", "blockquote", "hr"}
)
_LINES = frozenset(
    {"address", "article", "aside", "br", "div", "dl", "dt", "dd", "figure", "footer"}
)
_MORE_LINES = frozenset({"form", "header", "li", "main", "nav", "pre", "section", "tr"})
_BLOCKS = _APART | _LINES | _MORE_LINES
_SILENT = frozenset({"head", "script", "style", "title", "template"})
_VOID = frozenset(
    {"br", "hr", "img", "input", "link", "meta", "area", "base", "col", "source", "wbr"}
)
_LINE, _PARAGRAPH = "\x01", "\x02"
_BREAKS = re.compile(r"[ \x01\x02]*[\x01\x02][ \x01\x02]*")
_HIDDEN = re.compile(r"display\s*:\s*none")


class _Teller(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._link: tuple[str, int] | None = None

    @property
    def _is_silent(self) -> bool:
        return any(silent for _, silent in self._open)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            hidden = tag in _SILENT or bool(_HIDDEN.search(given.get("style", "")))
            self._open.append((tag, hidden))
        if self._is_silent:
            return
        self._break(tag)
        if tag == "li":
            self.pieces.append("- ")
        elif tag == "img" and self._link is None:
            self.pieces.append(given.get("alt", ""))
        elif tag == "a" and given.get("href"):
            self._link = (given["href"], len(self.pieces))

    @override
    def handle_endtag(self, tag: str) -> None:
        was_silent = self._is_silent
        while any(name == tag for name, _ in self._open):
            if self._open.pop()[0] == tag:
                break
        if was_silent:
            return
        if tag == "a":
            self._close_link()
        elif tag in ("td", "th"):
            self.pieces.append(" ")
        self._break(tag)

    @override
    def handle_data(self, data: str) -> None:
        if not self._is_silent:
            self.pieces.append(re.sub(r"[\s\x00-\x1f]+", " ", data))

    def _close_link(self) -> None:
        if self._link is None:
            return
        target, start = self._link
        self._link = None
        words = "".join(self.pieces[start:]).strip()
        if not words:
            self.pieces.append(target)
        elif words != target and not target.startswith("mailto:"):
            self.pieces.append(f" ({target})")

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append(_PARAGRAPH if tag in _APART else _LINE)


def text_of(html: str) -> str:
    """What the HTML says, in lines; links as `words (address)`, images by their alternative text."""
    teller = _Teller()
    teller.feed(html)
    teller.close()
    told = _BREAKS.sub(_one_break, "".join(teller.pieces))
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in told.split("\n")]
    return "\n".join(lines).strip() + "\n"


def _one_break(breaks: re.Match[str]) -> str:
    return "\n\n" if _PARAGRAPH in breaks[0] else "\n"
