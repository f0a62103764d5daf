"""Calls a service's api, and says in words what went wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from cuestream.failures import CommandError, FindingError, UnreachableError, UsageError
from cuestream.reaching.installation import Installation, Service

PATIENCE_SECONDS = 60.0
"""Explanations look through the log, which may take a while."""


DIFF_LINES = 20
"""Of each file that somebody else changed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration, and where."""

    file: str
    line: int
    column: int
    message: str
    suggestion: str | None = None

    @property
    def text(self) -> str:
        hint = f" (did you mean `{self.suggestion}`?)" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class ProblemsError(UsageError):
    """The configuration has problems; nothing was published."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count}; nothing was published.", *(p.text for p in problems))
        self.problems = tuple(problems)


class NotFoundError(FindingError):
    """What was asked for is not there."""


class Caller:
    """One service, reached with the admin key."""

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self._name = name
        self._client = client

    async def get(self, path: str, **query: object) -> Any:
        """The answer's JSON; a query value of None is left out.

        Raises:
            NotFoundError: there is no such thing.
            UsageError: the service refuses the question or the key.
            UnreachableError: it does not answer, or cannot reach what it needs.
        """
        params = {name: str(value) for name, value in query.items() if value is not None}
        return await self._call("GET", path, params=params)

    async def find(self, path: str, **query: object) -> Any:
        """As `get`; None where there is no such thing."""
        try:
            return await self.get(path, **query)
        except NotFoundError:
            return None

    async def post(self, path: str, body: object) -> Any:
        """The answer's JSON; errors as of `get`, and ProblemsError."""
        return await self._call("POST", path, json=body)

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = await self._client.request(method, path, **request)
        except httpx.TransportError as error:
            raise UnreachableError(
                f"{self._name} at {self._client.base_url} cannot be reached ({type(error).__name__}).",
                "See `cuestream status`.",
            ) from error
        if answer.is_success:
            return answer.json()
        raise self._refusal(answer)

    def _refusal(self, answer: httpx.Response) -> CommandError:
        told = _told(answer)
        detail = str(told.get("detail") or told.get("error") or f"status {answer.status_code}")
        match answer.status_code:
            case 401:
                remedy = "Set CUESTREAM_ADMIN_KEY."
                return UsageError(f"{self._name} does not accept the admin key.", remedy)
            case 404:
                return NotFoundError(f"{self._name}: {detail}.")
            case 422 if told.get("problems"):
                return ProblemsError([Problem(**problem) for problem in told["problems"]])
            case 409:
                return UsageError(f"{self._name}: {detail}.", *_changes(told))
            case status if status >= 500:
                return UnreachableError(f"{self._name}: {detail}.")
            case _:
                return UsageError(f"{self._name}: {detail}.")


@asynccontextmanager
async def calling(installation: Installation, service: Service) -> AsyncIterator[Caller]:
    """A caller of one service, while the block lasts."""
    key = installation.admin_key
    async with httpx.AsyncClient(
        base_url=installation.url(service),
        headers={} if key is None else {"Authorization": f"Bearer {key}"},
        timeout=PATIENCE_SECONDS,
        trust_env=False,  # a proxy for the web is none for our own services
    ) as client:
        yield Caller(service, client)


def _changes(told: Mapping[str, Any]) -> Iterator[str]:
    """What somebody else changed meanwhile, each with the beginning of its lines."""
    for change in told.get("changes", ()):
        yield str(change["sentence"])
        yield from change["diff"].splitlines()[:DIFF_LINES]


def _told(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}
