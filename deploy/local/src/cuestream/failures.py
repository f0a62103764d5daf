"""The ways a command ends without success, each with the exit code that says so."""

from __future__ import annotations


class CommandError(Exception):
    """A message for the person at the terminal, and what can be done about it."""

    exit_code: int = 1

    def __init__(self, message: str, *remedies: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedies = remedies


class FindingError(CommandError):
    """What was asked about is not as it should be."""

    exit_code = 1


class UsageError(CommandError):
    """The command or the configuration is wrong; the same call cannot succeed."""

    exit_code = 2


class UnreachableError(CommandError):
    """Something that is needed cannot be reached or did not come up."""

    exit_code = 3
