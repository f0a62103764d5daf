"""`cuestream playbooks replay NAME`: what another version of a playbook would have done with the recorded past."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from common.errors import PermanentError
from common.recovery.history import Releases
from cuestream.commands.options import Data, Json
from cuestream.commands.stories import Workspace
from cuestream.commands.why import moment
from cuestream.console import print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.reaching.installation import Installation, find_installation
from cuestream.reaching.log import open_log

if TYPE_CHECKING:
    from cuestream.whatif import Answer
    from cuestream.whatif.choosing import Wish


def replay(
    name: Annotated[str, typer.Argument(help="The playbook.")],
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="Holds workspaces/ and playbooks/ with the candidate; without one, the past is only proved.",
        ),
    ] = None,
    *,
    candidate: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="A version that was published, instead of a folder."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="What was in force then; the decisions must be the same.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="T", help="2026-05-01T14:30, or 14:30 of today; default: always."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="T", help="Default: as far as the log goes.")
    ] = None,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Fold what was recorded through a candidate and tell what it would have decided; nothing is written or sent."""
    if (live, folder is not None, candidate is not None).count(True) > 1:
        raise UsageError("Say a folder, --candidate or --live, not several of them.")
    whatif = _whatif()
    wish = whatif.Wish(name, folder, candidate, workspace, _moment(since), _moment(until))
    answer = asyncio.run(_ask(whatif, find_installation(data), wish))
    if json:
        print_json(msgspec.json.encode(answer))
    else:
        # Whose words it takes loads a web framework; the workers need none.
        from cuestream.whatif.telling import sentences  # noqa: PLC0415  as said

        for line in sentences(answer):
            say(line)
    if answer.identical is False:
        raise FindingError(f"Folded again, {name} did not decide as it did.")


async def _ask(whatif: Any, installation: Installation, wish: Wish) -> Answer:
    async with open_log(installation) as log:
        try:
            async with log.reader() as reader:
                question = whatif.choose(wish, await Releases.read(reader))
            answered: Answer = await whatif.answer(log, question)
        except PermanentError as error:
            raise whatif.refusal(error, await whatif.reaches_back_to(log)) from error
    return answered


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment(text)


def _whatif() -> Any:
    try:
        from cuestream import whatif  # noqa: PLC0415 - part of the extra `local`
    except ImportError as error:
        raise UsageError(
            "This needs cuestream's services beside the command.", "Install `cuestream[local]`."
        ) from error
    return whatif
