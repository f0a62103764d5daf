"""The files that one event passes in each process, found by following the calls from where it enters.

Counted are steps: a file of the service, or the package that a file has grown into. Not counted are words: a module that imports nothing
of its own service (an identifier, an instant) is read once and then known. `consumer.py`, which finds the fold, and
`store.py`, which keeps what came of it, are the same everywhere and stand in the text around the table.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType

LONGEST = 5


@dataclass(frozen=True)
class Passage:
    """One event's way through one process."""

    process: str
    what: str
    enters: tuple[str, ...]
    """Functions that are called for it, as `module:name`; those behind a port cannot be followed, so they are named."""

    @property
    def service(self) -> str:
        return self.process.partition(" ")[0]


PASSAGES: tuple[Passage, ...] = (
    Passage(
        "ingest api",
        "a request of an SDK",
        ("ingest.api.collector:Collector._collect", "ingest.domain.collecting:judge"),
    ),
    Passage("ingest api", "a webhook of a vendor", ("ingest.api.hooks:Hooks.answer",)),
    Passage("ingest resolve", "`event.accepted.v1`", ("ingest.handlers.received:fold_accepted",)),
    Passage(
        "scoring consume",
        "`profile.activity_recorded.v1`",
        ("scoring.handlers:LeadFolds.activity",),
    ),
    Passage(
        "orchestrator consume",
        "`profile.activity_recorded.v1`",
        ("orchestrator.handlers:JourneyFolds.activity",),
    ),
    Passage("dispatcher consume", "`action.requested.v1`", ("dispatcher.handlers:plan_delivery",)),
    Passage(
        "dispatcher send",
        "a planned delivery, until it is handed over",
        (
            "dispatcher.jobs.gatekeeper:Gatekeeper.judge",
            "dispatcher.jobs.mails:MailWriter.write",
            "dispatcher.adapters.smtp:SmtpEmailProvider.send",
        ),
    ),
)


def table() -> str:
    """One line a process."""
    lines = ["| process | the event | files, in this order |", "|---|---|---|"]
    for passage in PASSAGES:
        steps = " → ".join(f"`{name}`" for name in files(passage))
        lines.append(f"| `{passage.process}` | {passage.what} | {steps} |")
    return "\n".join(lines) + "\n"


def files(passage: Passage) -> list[str]:
    """Paths below the service's package, each once, in the order in which they are first called."""
    found: dict[str, None] = {}
    for name in passage.enters:
        for module in _modules(found_by(name), passage.service):
            if not is_word(module, passage.service):
                found[step(module)] = None
    return list(found)


def step(module: str) -> str:
    """`ingest.domain.people.learning` is a file of the step `domain/people`; `ingest.store.loading` of `store`."""
    room, *rest = module.split(".")[1:]
    path = "/".join([room, *rest[:1]]) if room == "domain" else room
    spec = import_module(module.split(".", maxsplit=1)[0]).__path__[0]
    return f"{path}/" if (Path(spec) / path).is_dir() else f"{path}.py"


def is_word(module: str, service: str) -> bool:
    """True for a module of the domain that stands on nothing else of its service."""
    if not module.startswith(f"{service}.domain."):
        return False
    source = inspect.getsource(import_module(module))
    return f"from {service}." not in source and f"import {service}." not in source


def found_by(name: str) -> object:
    """What `module:name` or `module:Class.name` is."""
    module, _, path = name.partition(":")
    found: object = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _modules(start: object, service: str) -> Iterator[str]:
    seen: set[object] = set()

    def follow(found: object, owner: type | None) -> Iterator[str]:
        ours = isinstance(found, FunctionType | type) and found.__module__.startswith(f"{service}.")
        if not ours or found in seen:
            return
        seen.add(found)
        if isinstance(found, FunctionType):
            yield found.__module__
            for called in _called(found, owner):
                yield from follow(called, owner)
        elif found is start:  # a class that stands behind a port
            yield str(found.__module__)

    yield from follow(start, _owner(start))


def _owner(found: object) -> type | None:
    """The class of a method, so that its calls of `self` can be followed."""
    name = getattr(found, "__qualname__", "").rpartition(".")[0]
    owner = getattr(import_module(str(getattr(found, "__module__", ""))), name, None)
    return owner if inspect.isclass(owner) else None


def _called(function: FunctionType, owner: type | None) -> Iterator[object]:
    """What a function's code names: its module's globals and its own class's methods."""
    for code in _codes(inspect.unwrap(function).__code__):
        for name in code.co_names:
            if name in function.__globals__:
                yield function.__globals__[name]
            elif owner is not None and name in vars(owner):
                yield vars(owner)[name]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
