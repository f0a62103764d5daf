"""What a publisher chooses for passages under way, as options of `cuestream apply`, and as the plan tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.text import Text

from common.configuration import Content
from common.documents import parse_duration
from cuestream.console import OUT
from cuestream.failures import UsageError
from cuestream.reaching.caller import Caller

_WAYS = ("drain", "migrate", "cancel")
_POLICIES = ("spread", "run", "skip")
_STYLES = {"drain": "dim", "migrate": "yellow", "cancel": "red"}
_SHOWN = 8
"""Characters of a hash that people compare."""

Transitions = Annotated[
    list[str] | None,
    typer.Option(
        "--transition",
        metavar="NAME=WAY",
        help="What becomes of passages on other versions: drain (default), cancel, migrate or migrate:OLD=NEW,… (steps by id).",
    ),
]
Overdues = Annotated[
    list[str] | None,
    typer.Option(
        "--overdue",
        metavar="NAME=POLICY",
        help="Of those that migrate and are late: spread (default; spread:2h), run at once, or skip what they would have said.",
    ),
]
Pauses = Annotated[
    list[str] | None,
    typer.Option(
        "--pause",
        metavar="NAME",
        help="Nothing begins, nothing goes on but by exits. May be WORKSPACE/NAME.",
    ),
]
Resumes = Annotated[
    list[str] | None,
    typer.Option(
        "--resume",
        metavar="NAME[=POLICY]",
        help="Let a paused playbook go on; what was held: spread (default; spread:2h), run or skip.",
    ),
]
Rollbacks = Annotated[
    list[str] | None,
    typer.Option(
        "--rollback",
        metavar="NAME@HASH",
        help="Publish this version of a playbook instead of the folder's; the hash may be shortened.",
    ),
]


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen, read."""

    choices: Mapping[str, Any]
    pause: Sequence[str]
    resume: Mapping[str, Any]
    rollbacks: Mapping[str, str]
    """Playbook → hash, or its beginning."""

    @classmethod
    def read(
        cls,
        transitions: Sequence[str] | None = None,
        overdues: Sequence[str] | None = None,
        pauses: Sequence[str] | None = None,
        resumes: Sequence[str] | None = None,
        rollbacks: Sequence[str] | None = None,
    ) -> Choices:
        """Read the options.

        Raises:
            UsageError: one is written otherwise than its help says.
        """
        choices = dict(_transition(each) for each in transitions or ())
        for each in overdues or ():
            name, policy = _pair(each, "=", "--overdue NAME=POLICY")
            if name not in choices:
                raise UsageError(f"--overdue {each}: say --transition {name}=migrate, too.")
            choices[name] = {**choices[name], "overdue": _overdue(policy)}
        resume = {}
        for each in resumes or ():
            name, _, policy = each.partition("=")
            resume[name] = _overdue(policy or _POLICIES[0])
        rollback = dict(_pair(each, "@", "--rollback NAME@HASH") for each in rollbacks or ())
        return cls(choices, list(pauses or ()), resume, rollback)

    @property
    def body(self) -> Mapping[str, Any]:
        """As the api takes it; what was not chosen is not said."""
        said = {"choices": self.choices, "pause": self.pause, "resume": self.resume}
        return {name: one for name, one in said.items() if one}


NONE = Choices.read()


async def rolled_back(
    orchestrator: Caller,
    contents: Mapping[str, Sequence[Content]],
    rollbacks: Mapping[str, str],
) -> Mapping[str, Sequence[Content]]:
    """The contents with old versions in the place of the folder's.

    Raises:
        UsageError: the folder has no such playbook.
        NotFoundError: it never had such a version.
    """
    old: dict[str, Content] = {}
    for name, hash_ in rollbacks.items():
        if not any(_is(one, name) for listed in contents.values() for one in listed):
            raise UsageError(f"There is no playbook {name} in the folder.")
        found = await orchestrator.get(f"/v1/configuration/contents/playbook/{name}@{hash_}")
        old[name] = Content("playbook", name, found["hash"], found["files"])
    return {
        workspace: [
            old[one.name] if one.kind == "playbook" and one.name in old else one for one in listed
        ]
        for workspace, listed in contents.items()
    }


def show_passages(release: Mapping[str, Any]) -> None:
    """Where the passages of each playbook are, and what becomes of them."""
    for passages in release.get("passages", ()):
        for line in _lines(passages):
            OUT.print(line)


def _lines(passages: Mapping[str, Any]) -> Iterator[Text]:
    name, under_way, held = passages["playbook"], passages["under_way"], passages["held"]
    if passages["paused"]:
        yield Text(
            f"  ‖ {name} is paused: nothing begins, {under_way} under way rest", style="bold"
        )
    if passages["resumes"] is not None:
        how = _how(passages["resumes"])
        yield Text(f"  ▸ {name} goes on: {held} held, {how}", style="bold")
    if not passages["waits"]:
        return
    old, new = (_short(passages[each]) for each in ("old", "new"))
    versions = f"stays {new}" if old == new else f"{old} → {new}"
    yield Text(f"    {name} {versions}, {under_way} under way")
    width = max(len(str(wait["count"])) for wait in passages["waits"])
    for wait in passages["waits"]:
        yield _wait(wait, width)


def _wait(wait: Mapping[str, Any], width: int) -> Text:
    kind = f" ({wait['kind']})" if wait["kind"] else ""
    held = f", {wait['held']} of them held" if wait["held"] else ""
    what = {
        "drain": "finish on their version",
        "migrate": f"go on at {wait['to_step']}",
        "cancel": "end now",
    }[wait["becomes"]]
    where = f"at {wait['step']}{kind} of {_short(wait['version'])}{held}"
    style = _STYLES[wait["becomes"]]
    return Text(f"      {wait['count']:>{width}} {where}: {what}", style=style)


def _how(overdue: Mapping[str, Any]) -> str:
    match overdue["policy"]:
        case "run":
            return "at once"
        case "skip":
            return "without what is overdue"
        case _:
            return f"spread over {overdue['over']}"


def _transition(said: str) -> tuple[str, Mapping[str, Any]]:
    name, way = _pair(said, "=", "--transition NAME=drain|migrate|cancel")
    way, colon, steps = way.partition(":")
    if way not in _WAYS or (colon and way != "migrate"):
        raise UsageError(f"--transition {said}: it is one of {', '.join(_WAYS)}, migrate:OLD=NEW,…")
    chosen: dict[str, Any] = {"under_way": way}
    if colon:
        chosen["steps"] = dict(
            _pair(each, "=", f"--transition {name}=migrate:OLD=NEW,…") for each in steps.split(",")
        )
    return name, chosen


def _overdue(said: str) -> Mapping[str, str]:
    policy, colon, over = said.partition(":")
    if policy not in _POLICIES or (colon and policy != "spread"):
        raise UsageError(f"{said}: it is one of {', '.join(_POLICIES)}, spread:2h.")
    if not colon:
        return {"policy": policy}
    try:
        parse_duration(over)
    except ValueError as error:
        raise UsageError(f"{said}: {error}.") from error
    return {"policy": policy, "over": over}


def _pair(said: str, sign: str, shape: str) -> tuple[str, str]:
    name, found, rest = said.partition(sign)
    if not (name and found and rest):
        raise UsageError(f"{said}: it has to be {shape}.")
    return name, rest


def _is(content: Content, name: str) -> bool:
    return content.kind == "playbook" and content.name == name


def _short(version: str | None) -> str:
    return "nothing" if version is None else version[:_SHOWN]
