"""What is wrong in a hand-written file, and how such findings are collected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from common.errors import PermanentError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong in a file; lines and columns begin at 1."""

    file: str
    line: int
    column: int
    message: str

    @property
    def text(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class DocumentError(PermanentError):
    """A hand-written file is not what it should be; `findings` says all that was found wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("invalid_document", "\n".join(finding.text for finding in findings))
        self.findings = tuple(findings)


class Report:
    """Collects the findings of parts that can be read apart, so that one pass shows all of them."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def read(self, part: Callable[[], T], instead: T) -> T:
        """The part's value, or `instead` after noting what is wrong with it."""
        try:
            return part()
        except DocumentError as error:
            self.findings.extend(error.findings)
            return instead

    def close(self) -> None:
        """End the reading.

        Raises:
            DocumentError: something was found.
        """
        if self.findings:
            raise DocumentError(sorted(set(self.findings)))
