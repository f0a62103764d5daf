"""What tests of double opt-ins say, and what they ask: halves under two names of one person, and what stands then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ingest.domain.people import Standing, known_at
from services.ingest.tests.making import NOW, Shop, accepted

MARKETING = {"channel": "email", "purpose": "marketing"}
VISITOR, USER = "anonymousId:a1", "userId:u1"


def says(
    shop: Shop, what: str, *, days: int = 0, who: str = "userId:u1", **properties: Any
) -> list[Any]:
    at = NOW + timedelta(days=days)
    shop.sent += 1
    kind, _, name = who.partition(":")
    body = {
        "type": "track",
        kind: name,
        "event": f"Consent {what}",
        "properties": {**MARKETING, **properties},
    }
    return shop.folds(accepted(body, received_at=at, message_id=f"{what} {days}"))


def logs_in(shop: Shop, *, days: int) -> list[Any]:
    """The visitor turns out to be the user; returns what others are told."""
    at = NOW + timedelta(days=days)
    body = {"type": "identify", "userId": "u1", "anonymousId": "a1"}
    return shop.folds(accepted(body, received_at=at, message_id=f"login {days}"))


def stands(shop: Shop) -> Standing | None:
    """Of whoever is left."""
    (root,) = {shop.people.root(name) for name in shop.people.profiles}
    return shop.people.profiles[root].consents.get("email.marketing")


def is_granted(shop: Shop) -> bool:
    standing = stands(shop)
    told = known_at(shop.people.statements, NOW + timedelta(days=99)).get("email.marketing")
    assert (standing and standing.granted) == (told and told.granted), "the ledger tells another"
    return standing is not None and standing.granted
