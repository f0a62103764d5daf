"""Writes the mail of one claimed delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dispatcher.domain.delivery import Delivery
from dispatcher.domain.links import links_of
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules
from dispatcher.domain.templates import Templates, render
from dispatcher.ports import Email


class MailWriter:
    """Renders in the recipient's language and puts the signed links in."""

    def __init__(self, *, public_url: str, secrets: Sequence[bytes]) -> None:
        self._public_url = public_url
        self._secrets = secrets

    def write(
        self,
        delivery: Delivery,
        recipient: Recipient,
        address_hash: str,
        *,
        address: str,
        rules: Rules,
        templates: Templates,
        now: datetime,
    ) -> Email:
        """The mail, to that address unless the workspace redirects everything.

        Raises:
            TemplateError: it cannot be written for this recipient.
        """
        links = links_of(
            delivery,
            address_hash,
            rules=rules,
            templates=templates,
            public_url=self._public_url,
            secrets=self._secrets,
        )
        rendered = render(templates, delivery, recipient, rules, links)
        return Email(
            sender=rules.sender,
            to=rules.destination(address),
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            language=rendered.locale,
            date=now,
            unsubscribe=None if delivery.is_transactional else links.unsubscribe,
        )
