"""Which provider takes a workspace's mails: the shop's own server, the installation's, or the sink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog
from typing_extensions import override

from common.contracts.actions import Kind
from common.errors import PermanentError
from dispatcher.adapters.sink import SinkEmailProvider
from dispatcher.adapters.smtp import SmtpEmailProvider, SmtpTimeouts, parse_smtp_url
from dispatcher.domain.rules import Rules
from dispatcher.ports import EmailProvider, Outlets

log = structlog.get_logger(__name__)

ADAPTERS: Final = frozenset({("message", "email")})
"""What can be handed over to somebody; the rest is skipped as `no_adapter`."""
SecretOf = Callable[[str], str | None]
"""The value of the environment variable, or of the file, of that name."""


class ConfiguredOutlets(Outlets):
    """On one machine under `cuestream up`, every mail goes to the mailbox, whatever a workspace says."""

    def __init__(
        self,
        *,
        smtp_url: str | None,
        local: bool,
        secret_of: SecretOf,
        hello: str,
        connections: int,
        timeouts: SmtpTimeouts,
    ) -> None:
        self._smtp_url = smtp_url
        self._local = local
        self._secret_of = secret_of
        self._hello = hello
        self._connections = connections
        self._timeouts = timeouts
        self._sink = SinkEmailProvider()
        self._made: dict[str | None, SmtpEmailProvider | None] = {}

    @override
    def speaks(self, kind: Kind, channel: str) -> bool:
        return (kind, channel) in ADAPTERS

    @override
    def outlet(self, rules: Rules) -> EmailProvider | None:
        if self._local and self._smtp_url is not None:
            return self._smtp(None)
        return self._sink if rules.mode == "sink" else self._smtp(rules.smtp_url_name)

    def close(self) -> None:
        """Hang up everywhere."""
        for provider in self._made.values():
            if provider is not None:
                provider.close()

    def _smtp(self, secret: str | None) -> EmailProvider | None:
        if secret not in self._made:
            self._made[secret] = self._make(secret)
        return self._made[secret]

    def _make(self, secret: str | None) -> SmtpEmailProvider | None:
        url = self._smtp_url if secret is None else self._secret_of(secret)
        try:
            server = parse_smtp_url(url or "")
        except PermanentError:
            # The URL may hold a password, so the log names only where it should stand.
            log.warning("no_provider", name=secret or "CUESTREAM_SMTP_URL")
            return None
        return SmtpEmailProvider(
            replace(server, hello=self._hello),
            connections=self._connections,
            timeouts=self._timeouts,
        )
