"""The configuration in force as the dispatcher reads it: rules per workspace, templates per version."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from typing_extensions import override

from common.configuration import Configuration, Content, Release, Workspace, workspace_of
from dispatcher.domain.recipient import EMAIL
from dispatcher.domain.rules import Mode, Rules, Sender
from dispatcher.domain.templates import TemplateError, Templates, read_templates
from dispatcher.ports import Rulebook

SMTP_SECRET = "smtp_url"  # noqa: S105 - a role's name, no secret
"""The role under which a sender names the secret with its SMTP URL."""


class ConfigurationInForce(Protocol):
    """What the feed of common.configuration offers."""

    @property
    def current(self) -> Configuration: ...


class ConfiguredRulebook(Rulebook):
    """Compiles each version's templates once; what cannot be compiled is remembered too."""

    def __init__(self, source: ConfigurationInForce) -> None:
        self._source = source

    @override
    def rules(self, workspace: str) -> Rules | None:
        release = self._source.current.release(workspace)
        return None if release is None else rules_of(release)

    @override
    def templates(self, playbook: str, version: str) -> Templates | None:
        content = self._source.current.contents.get(f"playbook/{playbook}@{version}")
        if content is None:
            return None
        compiled = _compiled(_ByKey(content))
        if isinstance(compiled, TemplateError):
            raise compiled
        return compiled


def check_release(release: Release) -> None:
    """Refuse a release whose mails could not be written.

    Raises:
        TemplateError: a template cannot be read; the detail names the file.
        ConfigurationError: the workspace's file is wrong.
    """
    rules_of(release)
    for content in release.all("playbook"):
        compiled = _compiled(_ByKey(content))
        if isinstance(compiled, TemplateError):
            raise compiled


def rules_of(release: Release) -> Rules:
    """What a release says about sending. Without `apply --live` every workspace delivers to the sink."""
    workspace = workspace_of(release)
    mode: Mode = workspace.delivery.mode if release.live else "sink"
    channel = workspace.senders.get(EMAIL)
    return Rules(
        workspace=release.workspace,
        locales=workspace.locales,
        sender=_sender(workspace),
        mode=mode,
        redirect_to=workspace.delivery.address,
        smtp_url_name=channel.secrets.get(SMTP_SECRET) if channel else None,
        brand=_brand(workspace),
        confirm_within=workspace.consent.confirm_within,
    )


def _sender(workspace: Workspace) -> Sender:
    sender = workspace.senders.get(EMAIL)
    if sender is not None:
        return Sender(sender.sender, sender.from_name or workspace.brand.name, sender.reply_to)
    host = urlsplit(workspace.brand.url).hostname or "localhost"
    return Sender(f"no-reply@{host}", workspace.brand.name)


def _brand(workspace: Workspace) -> dict[str, str]:
    brand = workspace.brand.model_dump(exclude_none=True)
    return {name: str(value) for name, value in brand.items()}


class _ByKey:
    """A content that is known by its key: the hash in it says that the files are the same."""

    __slots__ = ("content",)

    def __init__(self, content: Content) -> None:
        self.content = content

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByKey) and other.content.key == self.content.key

    @override
    def __hash__(self) -> int:
        return hash(self.content.key)


@lru_cache(maxsize=256)
def _compiled(keyed: _ByKey) -> Templates | TemplateError:
    try:
        return read_templates(keyed.content.files)
    except TemplateError as error:
        return error
