"""`cuestream keys`: write keys made, replaced and taken back; only their hashes are kept."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cuestream.commands.keys.editing import (
    MOST_KEYS,
    keys_of,
    kind_of,
    with_keys,
    with_source,
    without_source,
)
from cuestream.commands.keys.publishing import Edit, Place, publish
from cuestream.commands.options import Data, Json
from cuestream.console import OUT, print_json, say
from cuestream.failures import UnreachableError, UsageError
from cuestream.reaching.installation import find_installation

BYTES = 32
"""Of chance in a key: more than anybody tries out."""
_SHOWN = 12

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Its name in the workspace.")]
Workspace = Annotated[str, typer.Option("--workspace", metavar="W", help="Whose source it is.")]
Directory = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="Holds workspaces/; as `apply` takes it.")
]
Pending = Annotated[
    bool, typer.Option("--pending", help="Publish whatever else was changed in the folder, too.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(help="Keys under which sources send.", no_args_is_help=True)
    keys.command()(create)
    keys.command()(rotate)
    keys.command()(revoke)
    app.add_typer(keys, name="keys")


def create(
    source: Source,
    *,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="A browser's key, for pages from there. Repeatable."),
    ] = None,
    workspace: Workspace = "default",
    directory: Directory = Path(),
    pending: Pending = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Add a source with a key: a server's, or with --origin a browser's. The key is printed this once."""
    key = fresh_key(browser=bool(origin))
    edit = partial(with_source, source=source, hash_=hash_of(key), origins=origin or ())
    place = Place(directory, workspace)
    number = _publish(place, edit, data, pending=pending)
    _tell(source, number, key, "", json=json)
    _check_known(number, place)


def rotate(
    source: Source,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="The old key ends at once: it became known.")
    ] = False,
    workspace: Workspace = "default",
    directory: Directory = Path(),
    pending: Pending = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Give a source a new key beside the old one, which goes on until `revoke`. The key is printed this once."""
    place = Place(directory, workspace)
    old = keys_of(place.text(), source)
    if len(old) >= MOST_KEYS and not now:
        raise UsageError(
            f"{source} has {MOST_KEYS} keys already.",
            f"`cuestream keys revoke {source}` ends the older one, `rotate --now` both.",
        )
    key = fresh_key(browser=kind_of(place.text(), source) == "browser")
    hashes = (hash_of(key),) if now else (hash_of(key), *old)
    edit = partial(with_keys, source=source, hashes=hashes)
    number = _publish(place, edit, data, pending=pending)
    left = (
        "No other key counts any more."
        if now
        else f"The old one counts until `cuestream keys revoke {source}`."
    )
    _tell(source, number, key, left, json=json)
    _check_known(number, place)


def revoke(
    source: Source,
    *,
    newer: Annotated[
        bool, typer.Option("--newer", help="Of two keys the one that was made last.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="The source itself goes, with all its keys.")
    ] = False,
    workspace: Workspace = "default",
    directory: Directory = Path(),
    pending: Pending = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """End the older of a source's two keys."""
    place = Place(directory, workspace)
    hashes = keys_of(place.text(), source)
    if every:
        edit: Edit = partial(without_source, source=source)
        ended = hashes
    elif len(hashes) < MOST_KEYS:
        raise UsageError(
            f"{source} has one key only.",
            f"`cuestream keys rotate {source} --now` replaces it, `revoke --all` ends the source.",
        )
    else:
        kept = hashes[-1] if newer else hashes[0]
        edit = partial(with_keys, source=source, hashes=(kept,))
        ended = tuple(found for found in hashes if found != kept)
    number = _publish(place, edit, data, pending=pending)
    if json:
        print_json(msgspec.json.encode({"source": source, "revoked": ended, "release": number}))
    _check_known(number, place)
    if json:
        return
    told = " and ".join(f"{found[:_SHOWN]}…" for found in ended)
    say(f"The key of {source} with the hash {told} no longer counts (release {number}).")


def fresh_key(*, browser: bool) -> str:
    """A key that nobody had before; its beginning says what it is for."""
    return f"cs_{'b' if browser else 's'}_{secrets.token_urlsafe(BYTES)}"


def hash_of(key: str) -> str:
    """What is kept of a key."""
    return sha256(key.encode()).hexdigest()


def _publish(place: Place, edit: Edit, data: Path | None, *, pending: bool) -> int | None:
    return asyncio.run(publish(find_installation(data), place, edit, pending=pending))


def _check_known(number: int | None, place: Place) -> None:
    """Say so where the change may be in force or not.

    Raises:
        UnreachableError: nobody knows.
    """
    if number is None:
        raise UnreachableError(
            "The orchestrator's answer was lost, and it cannot be asked whether this is published.",
            f"{place.file} holds the change: `cuestream apply {place.directory}` publishes it, or says that it is in force.",
        )


def _tell(source: str, number: int | None, key: str, left: str, *, json: bool) -> None:
    if json:
        told = {"source": source, "key": key, "key_sha256": hash_of(key), "release": number}
        print_json(msgspec.json.encode(told))
        return
    release = "if it is published" if number is None else f"release {number}"
    say(f"The key of {source}, shown this once ({release}):")
    OUT.print(key, markup=False, highlight=False, soft_wrap=True)  # to be copied in one piece
    if left and number is not None:
        say(left)
