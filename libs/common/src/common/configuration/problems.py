"""What is wrong with configuration, in words and with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to repair."""

    file: str
    message: str
    line: int | None = None
    path: str = ""
    """Where in the document, such as `sources.shop.kind`."""

    def sentence(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigurationError(PermanentError):
    """The configuration cannot be used; all that was found is in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            "configuration_invalid", "; ".join(problem.sentence() for problem in problems)
        )
        self.problems = tuple(problems)


def suggested(written: str, known: Iterable[str]) -> str:
    """`; did you mean `x`?` where something close is known, else nothing."""
    close = difflib.get_close_matches(written, list(known), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""
