"""The links of a mail: each carries the token that says whose mail it was."""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.domain.delivery import Delivery
from dispatcher.domain.templates import Links
from dispatcher.domain.tokens import MailToken, sign


def links_of(
    delivery: Delivery, address_hash: str, *, public_url: str, secrets: Sequence[bytes]
) -> Links:
    """Unsubscribe, preferences and view of one delivery, below the dispatcher's public address."""
    token = MailToken(
        workspace=delivery.workspace,
        profile_id=delivery.profile_id,
        address_hash=address_hash,
        channel=delivery.request.channel,
        purpose=delivery.request.purpose,
        delivery_id=delivery.id,
    )
    text = sign(token, secrets)
    return Links(f"{public_url}/u/{text}", f"{public_url}/p/{text}", f"{public_url}/v/{text}")
