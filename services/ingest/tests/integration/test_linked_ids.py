"""Ids beside the user's and the visitor's on a real PostgreSQL: what one batch links the next one follows."""

from __future__ import annotations

import json

from services.ingest.tests.integration.conftest import Registry, of_user, of_visitor
from services.ingest.tests.integration.telling import identified
from services.ingest.tests.making import accepted


async def test_an_address_links_across_batches_and_is_noted_where_it_is_shared(
    registry: Registry,
) -> None:
    await registry.folds(identified("m1", "u1", {"email": "ada@example.com"}))
    await registry.folds(identified("m2", "u2", {"email": "ada@example.com"}))
    loyal = {"context": {"externalIds": [{"type": "unlisted", "id": "7"}]}}
    await registry.folds(
        accepted({"type": "identify", "anonymousId": "a1", **loyal}, message_id="m3")
    )
    by_mail = {"type": "identify", "anonymousId": "a2", "traits": {"email": "ada@example.com"}}
    await registry.folds(accepted(by_mail, message_id="m4"))

    assert await registry.owner("user", "u2") == of_user("u2")
    assert await registry.owner("anonymous", "a2") == of_user("u1")
    rows = await registry.database.fetch(
        "SELECT kind, shared_by FROM identities WHERE shared_by IS NOT NULL"
    )
    assert [row["kind"] for row in rows] == ["email"]
    noted = json.loads(rows[0]["shared_by"])["profiles"]
    assert set(noted) == {str(of_user("u1")), str(of_user("u2")), str(of_visitor("a2"))}
    assert await registry.count("identities WHERE kind = 'unlisted'") == 0
