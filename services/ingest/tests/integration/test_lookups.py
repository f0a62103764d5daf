"""What an admin is told of a person: where each value came from, what lost, and which ids several people share."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from common.configuration import Configuration
from common.telemetry import Request
from ingest.api.lookups import Lookups
from ingest.domain.people import FieldRule, KindRule, Rules
from ingest.store import PostgresReceptions
from services.ingest.tests.described import as_described
from services.ingest.tests.integration.conftest import Registry, later, of_user
from services.ingest.tests.making import NOW, accepted

ADMIN = {"authorization": "Bearer key"}
RULES = Rules(kinds={"email": KindRule(at_most=1)}, golden={"phone": FieldRule("never_emptied")})


def lookups(registry: Registry) -> Lookups:
    return Lookups(
        registry.directory,
        Configuration,
        lambda _: RULES,
        lambda _: 0,
        PostgresReceptions(registry.database),
        hashlib.sha256(b"key").hexdigest(),
    )


async def asked(registry: Registry, path: str, **query: str) -> tuple[int, Any]:
    handler = lookups(registry).routes()[path]
    answer: tuple[int, Any] = await handler(Request({}, {"workspace": "demo", **query}, ADMIN))
    as_described(path, *answer)
    return answer


async def test_each_value_is_told_with_its_source_and_what_lost(registry: Registry) -> None:
    for second, (source, email) in enumerate((("shop", "a@example.com"), ("crm", "b@example.com"))):
        await registry.folds(
            accepted(
                {"type": "identify", "userId": "u1", "traits": {"email": email}},
                message_id=source,
                received_at=later(second),
                sent_by=source,
            )
        )
    status, told = await asked(registry, "/v1/profiles", ref="user:u1")

    assert status == 200
    stands = told["profiles"][0]["traits"]["email"]
    assert (stands["value"], stands["source"], stands["rule"]) == ("b@example.com", "crm", "newest")
    assert stands["lost"] == [
        {"value": "a@example.com", "source": "shop", "at": NOW, "suggested": False}
    ]


async def test_ids_that_several_share_are_told_with_whether_they_still_link(
    registry: Registry,
) -> None:
    for user in ("u1", "u2"):
        said = {"type": "identify", "userId": user, "traits": {"email": "info@example.com"}}
        await registry.folds(accepted(said, message_id=user))
    _, told = await asked(registry, "/v1/identifiers/shared")

    (shared,) = told["identifiers"]
    assert (shared["kind"], shared["value"]) == ("email", "info@example.com")
    assert {UUID(str(one)) for one in shared["profiles"]} == {of_user("u1"), of_user("u2")}
    assert (shared["at_most"], shared["links"]) == (1, False)


async def test_the_ledger_tells_what_stood_by_what_was_known_then(registry: Registry) -> None:
    properties = {"channel": "email", "purpose": "marketing", "text_version": "v7"}
    for second, name in enumerate(("Consent Requested", "Consent Confirmed", "Consent Withdrawn")):
        said = {"type": "track", "event": name, "userId": "u1", "properties": properties}
        await registry.folds(accepted(said, message_id=name, received_at=later(second * 10)))

    stood = []
    for second in (5, 15, 25):
        _, told = await asked(registry, "/v1/consents", ref="user:u1", at=later(second).isoformat())
        stood.append([consent.granted for consent in told["profiles"][0]["stood"]])
    assert stood == [[], [True], [False]]

    _, told = await asked(registry, "/v1/consents", ref="user:u1")
    steps = [(each.step, each.granted) for each in told["profiles"][0]["statements"]]
    assert sorted(steps, key=str) == [
        ("confirmed", False),
        ("requested", False),
        (None, False),
        (None, True),
    ]
    (grant,) = (each for each in told["profiles"][0]["statements"] if each.granted)
    assert (grant.requested_at, grant.confirmed_at) == (later(0), later(10))
    assert (grant.source, grant.text_version, grant.basis) == ("shop", "v7", "double_opt_in")


async def test_the_ledger_moves_with_a_merge_and_still_tells_what_stands(
    registry: Registry,
) -> None:
    properties = {"channel": "email", "purpose": "marketing"}
    said = (("userId", "Consent Withdrawn"), ("anonymousId", "Consent Granted"))
    for second, (kind, name) in enumerate(said):
        body = {"type": "track", "event": name, kind: "x", "properties": properties}
        await registry.folds(accepted(body, message_id=name, received_at=later(second)))
    both = {"type": "identify", "userId": "x", "anonymousId": "x"}
    await registry.folds(accepted(both, message_id="m", received_at=later(9)))

    _, told = await asked(registry, "/v1/consents", ref="user:x")
    (profile,) = told["profiles"]
    assert [consent.granted for consent in profile["stood"]] == [False]
    assert [each.via for each in profile["statements"]] == ["track", "track", "merge"]


async def test_a_company_is_told_with_its_representative(registry: Registry) -> None:
    for second, traits in enumerate(({"name": "ACME"}, {"owner": "rita@shop.example"})):
        said = {"type": "group", "userId": f"u{second}", "groupId": "acme", "traits": traits}
        await registry.folds(accepted(said, message_id=f"m{second}", received_at=later(second)))
    _, told = await asked(registry, "/v1/profiles", ref="user:u0")

    company = told["profiles"][0]["accounts"]["acme"]
    assert company["name"]["value"] == "ACME"
    assert company["representative_email"]["value"] == "rita@shop.example"


async def test_strangers_are_told_nothing(registry: Registry) -> None:
    handler = lookups(registry).routes()["/v1/identifiers/shared"]

    status, told = await handler(Request({}, {}, {}))
    as_described("/v1/identifiers/shared", status, told)
    assert status == 401


async def test_nobody_is_a_refusal(registry: Registry) -> None:
    for path in ("/v1/profiles", "/v1/consents"):
        assert (await asked(registry, path, ref="user:nobody"))[0] == 404
