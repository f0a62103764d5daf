"""What can be wrong with a condition: its text, or what it met when it was evaluated."""

from __future__ import annotations

from common.errors import PermanentError


class ConditionError(PermanentError):
    """The text is not a condition; line and column count from 1."""

    def __init__(self, line: int, column: int, message: str, suggestion: str | None = None) -> None:
        hint = f"; did you mean `{suggestion}`?" if suggestion else ""
        super().__init__("condition_invalid", f"line {line}, column {column}: {message}{hint}")
        self.line = line
        self.column = column
        self.message = message
        self.suggestion = suggestion


class EvaluationError(PermanentError):
    """The expression has no value here, such as a property that the event does not carry."""

    def __init__(self, detail: str) -> None:
        super().__init__("condition_failed", detail)


class NoValueError(Exception):
    """Raised by the operations of a compiled expression; never leaves this package."""
