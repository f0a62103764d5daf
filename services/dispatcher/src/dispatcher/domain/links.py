"""The links of a mail: each carries the token that says whose mail it was."""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.domain.delivery import Delivery
from dispatcher.domain.rules import Rules
from dispatcher.domain.templates import Links, Templates
from dispatcher.domain.tokens import ConfirmToken, MailToken, sign


def links_of(
    delivery: Delivery,
    address_hash: str,
    *,
    rules: Rules,
    templates: Templates,
    public_url: str,
    secrets: Sequence[bytes],
) -> Links:
    """Unsubscribe, preferences and view of one delivery, and what it asks to confirm, below the dispatcher's public address."""
    request = delivery.request
    token = MailToken(
        workspace=delivery.workspace,
        profile_id=delivery.profile_id,
        address_hash=address_hash,
        channel=request.channel,
        purpose=request.purpose,
        delivery_id=delivery.id,
    )
    text = sign(token, secrets)
    confirms = templates.confirms(request.message, request.channel)
    asking = confirms and sign(_asking(delivery, address_hash, confirms, rules), secrets)
    return Links(
        f"{public_url}/u/{text}",
        f"{public_url}/p/{text}",
        f"{public_url}/v/{text}",
        f"{public_url}/c/{asking}" if asking else None,
    )


def _asking(delivery: Delivery, address_hash: str, confirms: str, rules: Rules) -> ConfirmToken:
    # A reminder asks for what was requested then, and ends when the first mail's link does.
    asked_at = delivery.request.triggered_at or delivery.accepted_at
    return ConfirmToken(
        workspace=delivery.workspace,
        profile_id=delivery.profile_id,
        address_hash=bytes.fromhex(address_hash),
        key=confirms,
        delivery_id=delivery.id,
        asked_at=asked_at,
        expires_at=asked_at + rules.confirm_within,
    )
