"""`cuestream replay`, `recover` and `backup-check`: the services' own one-shots, on the stack of this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from cuestream.commands.options import Data, Json, layout_of
from cuestream.console import OUT, print_json, say
from cuestream.failures import CommandError, FindingError, UnreachableError, UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.client import find_stack, order
from cuestream.stack.layout import Layout
from cuestream.stack.postgres.roles import (
    SERVICES,
    create_database,
    drop_database,
    service_url,
)

T = TypeVar("T")

_ERRORS: Mapping[int, type[CommandError]] = {2: UsageError, 3: UnreachableError}
_FINDING = 1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replay)
    app.command()(recover)
    app.command("backup-check")(backup_check)


def replay(
    service: Annotated[str, typer.Argument(help=", ".join(SERVICES))],
    *,
    into: Annotated[
        str | None,
        typer.Option(
            help="An empty database: its postgresql:// URL, or a name for a new one in the stack's server."
            " Without it, one is made and removed again."
        ),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Fold a service's inputs again along its journal; nothing is published or sent.

    State and output must be the same, byte for byte. The tables are compared too, so let the service rest.
    """
    _known([service])
    layout = layout_of(data)
    server = find_stack(layout).endpoints["postgres"]
    with ExitStack() as stack:
        if into is not None and "://" in into:
            target = into
        else:
            name = into or f"replay_{service}"
            if into is None:
                drop_database(server, name)
                stack.callback(drop_database, server, name)
            target = service_url(create_database(server, name), service)
        beside = {"CUESTREAM_BESIDE_DATABASE_URL": service_url(server, service)}
        answer, good = _run(service, "replay", layout, {"DATABASE_URL": target, **beside})
    if json:
        print_json(msgspec.json.encode(answer))
    else:
        _tell_replay(answer)
    if not good:
        raise FindingError(f"Folded again, {service} is not what it was.")


def recover(
    services: Annotated[
        list[str] | None, typer.Argument(help="Default: all. " + ", ".join(SERVICES))
    ] = None,
    *,
    data: Data = None,
    json: Json = False,
) -> None:
    """Bring databases that were restored from a backup forward to now: nothing lost, nothing sent twice.

    Stops the services' processes and starts them again. Interrupted, it may be run again.
    """
    wanted = services or list(SERVICES)
    _known(wanted)
    layout = layout_of(data)
    server = find_stack(layout).endpoints["postgres"]
    processes = [name for service in wanted for name in _processes(layout, service)]
    _at_once(lambda process: order(layout, "stop", process), processes)
    answers = _at_once(
        lambda service: _run(
            service, "recover", layout, {"DATABASE_URL": service_url(server, service)}
        )[0],
        wanted,
    )
    _at_once(lambda process: order(layout, "start", process), processes)
    if json:
        print_json(msgspec.json.encode(answers))
    else:
        for answer in answers:
            _tell_recovery(answer)


def backup_check(*, data: Data = None, json: Json = False) -> None:
    """Say since when a backup could be brought forward, and what stands in the way."""
    layout = layout_of(data)
    server = find_stack(layout).endpoints["postgres"]
    answers, all_good = [], True
    for service in SERVICES:
        environment = {"DATABASE_URL": service_url(server, service)}
        answer, good = _run(service, "backup-check", layout, environment)
        answers.append(answer)
        all_good &= good
    if json:
        print_json(msgspec.json.encode(answers))
    else:
        _tell_check(answers)
    if not all_good:
        raise FindingError("Not every backup could be brought forward.")


def _at_once(do: Callable[[str], T], names: Sequence[str]) -> list[T]:
    """All beside each other: they share nothing but the server."""
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(do, names))


def _known(services: Sequence[str]) -> None:
    for service in services:
        if service not in SERVICES:
            raise UsageError(f"{service} is no service.", f"Services: {', '.join(SERVICES)}.")


def _processes(layout: Layout, service: str) -> list[str]:
    names = (process.name for process in order(layout, "status").processes)
    return [name for name in names if name.startswith(f"{service}-")]


def _run(
    service: str, task: str, layout: Layout, environment: Mapping[str, str]
) -> tuple[Mapping[str, Any], bool]:
    """The answer, and whether it is a good one.

    Raises:
        CommandError: there is none; with the process's own last words.
    """
    done = subprocess.run(  # noqa: S603  our own argv
        [sys.executable, "-m", service, task],
        env={
            **inherited_environment(),
            "KAFKA_BOOTSTRAP_SERVERS": find_stack(layout).endpoints["kafka"],
            "CUESTREAM_LOCAL": "true",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [_object(line) for line in done.stdout.splitlines()]
    answers = [line for line in lines if line.get("service") == service and "event" not in line]
    if answers and done.returncode in {0, _FINDING}:
        return answers[-1], done.returncode == 0
    told = [str(line["detail"]) for line in lines if line.get("event") == "process_failed"]
    words = (told or done.stderr.splitlines() or ["it said nothing"])[-1]
    error = _ERRORS.get(done.returncode, FindingError)
    raise error(f"{service} {task} failed: {words}")


def _object(line: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _tell_replay(answer: Mapping[str, Any]) -> None:
    outputs, tables = answer["outputs"], answer["tables"]
    say(
        f"{answer['service']}: {answer['batches']:,} batches, {answer['records']:,} records and"
        f" {answer['timers']:,} timers folded again."
    )
    say(
        f"Output: {outputs['same']:,} the same, {outputs['different']:,} different,"
        f" {outputs['unpublished']:,} not on the log yet, {outputs['extra']:,} on the log only."
    )
    for place in answer["different"]:
        say(f"  different: {place}")
    for table, same in tables.items():
        say(f"  {'same' if same else 'DIFFERENT'}: {table}")


def _tell_recovery(answer: Mapping[str, Any]) -> None:
    reconciled = ", ".join(f"{count:,} {name}" for name, count in answer["reconciled"].items())
    say(
        f"{answer['service']}: {answer['batches']:,} batches ({answer['records']:,} records,"
        f" {answer['timers']:,} timers) folded again, {answer['to_publish']:,} consequences to publish"
        + (f"; {reconciled}." if reconciled else ".")
    )


def _tell_check(answers: Sequence[Mapping[str, Any]]) -> None:
    for answer in answers:
        since = answer["reaches_back_to"]
        reach = "any backup" if since is None else f"a backup since {since}"
        say(f"{answer['service']}: {reach} can be brought forward.")
        for finding in answer["findings"]:
            OUT.print(f"  • {finding}", markup=False, style="red")
    for note in sorted({note for answer in answers for note in answer["notes"]}):
        say(f"Note: {note}.")
