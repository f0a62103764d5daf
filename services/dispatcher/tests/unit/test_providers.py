"""One contract suite for whoever is handed something: the fakes of every kind, and SMTP against a server that misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import pytest

from common.clock import monotonic
from common.errors import TransientError
from common.testing.smtp import ScriptedSmtpServer, drop, reply, scripted_smtp_server, stall
from dispatcher.adapters.smtp import SmtpEmailProvider, SmtpServer, SmtpTimeouts
from dispatcher.ports import (
    Accepted,
    AudienceChange,
    HandOver,
    OutcomeUnknown,
    Provider,
    Refused,
    ShortMessage,
    VoucherDraw,
)
from services.dispatcher.tests.fakes import FakeProvider
from services.dispatcher.tests.making import delivery_id, email


class World(Protocol):
    """A provider, what it shall do next, and what it took."""

    @property
    def provider(self) -> Provider[Any]: ...

    @property
    def parcel(self) -> Any: ...

    def refuse_next(self) -> None: ...
    def defer_next(self) -> None: ...
    def vanish_before_next(self) -> None: ...
    def vanish_with_next(self) -> None: ...
    def taken(self, key: UUID) -> int: ...


@dataclass
class FakeWorld:
    parcel: Any
    provider: FakeProvider[Any] = field(default_factory=FakeProvider)

    def refuse_next(self) -> None:
        self.provider.outcomes.append(Refused("fake", "address_unknown"))

    def defer_next(self) -> None:
        self.provider.outcomes.append(TransientError("provider_deferred"))

    def vanish_before_next(self) -> None:
        self.provider.outcomes.append(TransientError("provider_unavailable"))

    def vanish_with_next(self) -> None:
        self.provider.outcomes.append(OutcomeUnknown("connection_lost"))

    def taken(self, key: UUID) -> int:
        return self.provider.taken[key]


@dataclass
class SmtpWorld:
    provider: SmtpEmailProvider
    server: ScriptedSmtpServer
    parcel: Any = field(default_factory=email)

    def refuse_next(self) -> None:
        self.server.script(reply("rcpt", "550 5.1.1 no such user"))

    def defer_next(self) -> None:
        self.server.script(reply("rcpt", "451 4.3.0 later"))

    def vanish_before_next(self) -> None:
        self.server.script(drop("mail"))

    def vanish_with_next(self) -> None:
        self.server.script(drop("dot"))

    def taken(self, key: UUID) -> int:
        return self.server.accepted[f"<{key}@example.org>"]


QUICK = SmtpTimeouts(connect=0.3, command=0.3, acceptance=0.3)


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpWorld]:
    async with scripted_smtp_server() as server:
        provider = SmtpEmailProvider(
            SmtpServer(server.host, server.port), connections=2, timeouts=QUICK
        )
        yield SmtpWorld(provider, server)
        provider.close()


PARCELS: Mapping[str, Any] = {
    "mail": email(),
    "sms": ShortMessage("+4915112345678", "Dein Warenkorb wartet"),
    "audience": AudienceChange("cart_abandoners", "add", {"email": "f" * 64}),
    "hand-over": HandOver("crm", delivery_id(9), {"points": 55}),
    "voucher": VoucherDraw("welcome", delivery_id(9)),
}


@pytest.fixture(params=[*PARCELS, "smtp"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param != "smtp":
        yield FakeWorld(PARCELS[request.param])
        return
    async with scripted_smtp_server() as server:
        provider = SmtpEmailProvider(
            SmtpServer(server.host, server.port), connections=2, timeouts=QUICK
        )
        yield SmtpWorld(provider, server)
        provider.close()


KEY = delivery_id(1)


async def test_it_is_handed_over_once(world: World) -> None:
    outcome = await world.provider.send(world.parcel, idempotency_key=KEY)

    assert isinstance(outcome, Accepted)
    assert world.taken(KEY) == 1


async def test_a_refusal_says_why_and_the_next_goes_through(world: World) -> None:
    world.refuse_next()

    outcome = await world.provider.send(world.parcel, idempotency_key=KEY)
    after = await world.provider.send(world.parcel, idempotency_key=delivery_id(2))

    assert isinstance(outcome, Refused)
    assert outcome.reason == "address_unknown"
    assert isinstance(after, Accepted)
    assert (world.taken(KEY), world.taken(delivery_id(2))) == (0, 1)


async def test_what_is_put_off_may_be_tried_again(world: World) -> None:
    world.defer_next()

    with pytest.raises(TransientError) as raised:
        await world.provider.send(world.parcel, idempotency_key=KEY)
    await world.provider.send(world.parcel, idempotency_key=KEY)

    assert raised.value.reason == "provider_deferred"
    assert world.taken(KEY) == 1


async def test_a_provider_that_is_away_took_nothing(world: World) -> None:
    world.vanish_before_next()

    with pytest.raises(TransientError) as raised:
        await world.provider.send(world.parcel, idempotency_key=KEY)

    assert raised.value.reason == "provider_unavailable"
    assert world.taken(KEY) == 0


async def test_a_provider_that_vanishes_with_it_leaves_it_unknown(world: World) -> None:
    world.vanish_with_next()

    with pytest.raises(OutcomeUnknown):
        await world.provider.send(world.parcel, idempotency_key=KEY)


async def test_what_is_too_late_is_not_begun(world: World) -> None:
    with pytest.raises(TransientError) as raised:
        await world.provider.send(world.parcel, idempotency_key=KEY, start_by=monotonic() - 10**9)

    assert raised.value.reason == "too_late"
    assert world.taken(KEY) == 0


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("550 5.1.1 anna@example.com does not live here", "address_unknown"),
        ("552 5.2.2 full", "mailbox_full"),
        ("554 5.7.1 not you", "refused_by_policy"),
        ("550 no", "refused"),
    ],
)
async def test_an_answer_for_good_is_a_refusal_without_the_servers_words(
    smtp: SmtpWorld, stage: str, answer: str, reason: str
) -> None:
    smtp.server.script(reply(stage, answer))  # type: ignore[arg-type]

    outcome = await smtp.provider.send(email(), idempotency_key=KEY)

    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert "anna" not in outcome.detail
    assert smtp.taken(KEY) == 0


@pytest.mark.parametrize("fault", [drop, stall])
async def test_silence_while_the_content_goes_out_is_never_transient_once_it_was_written(
    smtp: SmtpWorld, fault: object
) -> None:
    smtp.server.script(fault("content"))  # type: ignore[operator]

    with pytest.raises((OutcomeUnknown, TransientError)) as raised:
        await smtp.provider.send(email(), idempotency_key=KEY)

    assert isinstance(raised.value, OutcomeUnknown) or raised.value.reason == "provider_unavailable"
    assert smtp.taken(KEY) == 0


async def test_connections_are_used_again(smtp: SmtpWorld) -> None:
    for number in range(5):
        await smtp.provider.send(email(), idempotency_key=delivery_id(number))

    assert smtp.server.connections == 1


async def test_a_server_that_was_restarted_costs_no_retry(smtp: SmtpWorld) -> None:
    await smtp.provider.send(email(), idempotency_key=delivery_id(1))
    smtp.server.hang_up()

    await smtp.provider.send(email(), idempotency_key=delivery_id(2))

    assert smtp.taken(delivery_id(2)) == 1


async def test_nobody_listens() -> None:
    async with scripted_smtp_server() as server:
        port = server.port
    provider = SmtpEmailProvider(SmtpServer("127.0.0.1", port), timeouts=QUICK)

    with pytest.raises(TransientError) as raised:
        await provider.send(email(), idempotency_key=KEY)

    assert raised.value.reason == "provider_unavailable"


async def test_the_content_arrives_as_it_was(smtp: SmtpWorld) -> None:
    await smtp.provider.send(email(), idempotency_key=KEY)

    (mail,) = smtp.server.mails
    text, html = mail.iter_parts()
    assert mail["Subject"] == email().subject
    assert mail["From"] == "Müller & Söhne <shop@example.org>"
    assert mail["List-Unsubscribe"] == f"<{email().unsubscribe}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Content-Language"] == "de"
    assert text.get_content().splitlines() == email().text.splitlines()
    assert html.get_content().splitlines() == email().html.splitlines()
    assert smtp.server.recipients == [email().to]


async def test_a_line_break_in_a_header_is_refused(smtp: SmtpWorld) -> None:
    outcome = await smtp.provider.send(
        email(to="a@example.com>\r\nRCPT TO:<b@example.com"), idempotency_key=KEY
    )

    assert isinstance(outcome, Refused)
    assert not smtp.server.mails
