"""Whatever an SMTP server does, and wherever: a mail is taken at most once, or nobody knows; nothing else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from common.clock import monotonic
from common.errors import TransientError
from common.testing.smtp import (
    Fault,
    ScriptedSmtpServer,
    Stage,
    drop,
    hold,
    reply,
    scripted_smtp_server,
    stall,
)
from dispatcher.adapters.smtp import SmtpEmailProvider, SmtpServer, SmtpTimeouts
from dispatcher.jobs.moves import Outcome
from dispatcher.ports import Accepted, OutcomeUnknown, Refused
from services.dispatcher.tests.making import delivery_id, email

QUICK = SmtpTimeouts(connect=0.2, command=0.2, acceptance=0.2)
ASKED: list[Stage] = ["mail", "rcpt", "data", "dot"]
SILENT: list[Stage] = ["connect", "ehlo", "mail", "rcpt", "data"]
KEY = delivery_id(1)


@pytest.fixture(params=[False, True], ids=["one by one", "pipelined"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[ScriptedSmtpServer]:
    async with scripted_smtp_server(pipelining=request.param) as scripted:
        yield scripted


@pytest.fixture
async def provider(server: ScriptedSmtpServer) -> AsyncIterator[SmtpEmailProvider]:
    made = SmtpEmailProvider(SmtpServer(server.host, server.port), connections=2, timeouts=QUICK)
    yield made
    made.close()


@pytest.fixture
async def patient(server: ScriptedSmtpServer) -> AsyncIterator[SmtpEmailProvider]:
    """For a server that answers: where the machine stands still for a moment, that decides nothing."""
    made = SmtpEmailProvider(SmtpServer(server.host, server.port), connections=2)
    yield made
    made.close()


async def attempt(provider: SmtpEmailProvider, number: int = 1) -> Outcome:
    try:
        return await provider.send(email(), idempotency_key=delivery_id(number))
    except (TransientError, OutcomeUnknown) as outcome:
        return outcome


def kind(outcome: Outcome) -> str:
    match outcome:
        case Accepted():
            return "sent"
        case Refused():
            return "failed"
        case OutcomeUnknown():
            return "unknown"
        case TransientError(reason=reason):
            return reason


def taken(server: ScriptedSmtpServer, number: int = 1) -> int:
    return server.accepted[f"<{delivery_id(number)}@example.org>"]


@pytest.mark.parametrize("stage", ["connect", "ehlo"])
@pytest.mark.parametrize("answer", ["421 busy", "450 later", "554 no", "gibberish"])
async def test_a_server_that_does_not_let_us_in_took_nothing(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, stage: Stage, answer: str
) -> None:
    server.script(reply(stage, answer))

    first = kind(await attempt(provider))
    if first != "sent":  # a server that knows no EHLO may know HELO
        assert first == "provider_unavailable"
        assert taken(server) == 0
        assert kind(await attempt(provider)) == "sent"
    assert taken(server) == 1


@pytest.mark.parametrize("stage", ASKED)
@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        ("421 4.3.2 closing", "provider_unavailable"),
        ("451 4.3.0 later", "provider_deferred"),
        ("452 full", "provider_deferred"),
        ("530 5.7.0 log in", "provider_unavailable"),
        ("550 5.1.1 nobody", "failed"),
        ("554 no", "failed"),
    ],
)
async def test_an_answer_decides_at_every_stage(
    server: ScriptedSmtpServer, patient: SmtpEmailProvider, stage: Stage, answer: str, ends: str
) -> None:
    server.script(reply(stage, answer))

    assert kind(await attempt(patient)) == ends
    assert taken(server) == 0
    assert kind(await attempt(patient, 2)) == "sent"
    assert taken(server, 2) == 1


@pytest.mark.parametrize("stage", SILENT)
@pytest.mark.parametrize("fault", [drop, stall])
async def test_silence_before_the_content_took_nothing(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, stage: Stage, fault: type[Fault]
) -> None:
    server.script(fault(stage))  # type: ignore[call-arg]

    assert kind(await attempt(provider)) == "provider_unavailable"
    assert kind(await attempt(provider)) == "sent"
    assert taken(server) == 1


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("fault", [drop, stall])
async def test_silence_after_the_final_dot_is_unknown(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, fault: type[Fault], accepts: bool
) -> None:
    server.script(fault("dot", accepts=accepts))  # type: ignore[call-arg]

    assert kind(await attempt(provider)) == "unknown"
    assert taken(server) == accepts


@pytest.mark.parametrize("answer", ["354 again", "199 what", "gibberish", "250-never ends"])
async def test_what_is_no_answer_to_the_final_dot_leaves_it_unknown(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, answer: str
) -> None:
    server.script(reply("dot", answer))

    assert kind(await attempt(provider)) == "unknown"


@pytest.mark.parametrize("after", ["rset", "quit"])
@pytest.mark.parametrize(
    "fault", [drop, stall, lambda at: reply(at, "451 later"), lambda at: reply(at, "554 no")]
)
async def test_what_comes_after_a_mails_end_changes_nothing(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, after: Stage, fault: type[Fault]
) -> None:
    server.script(reply("rcpt", "550 5.1.1 nobody"), fault(after))  # type: ignore[call-arg]

    assert kind(await attempt(provider)) == "failed"
    if after == "quit":
        provider.close()
    assert kind(await attempt(provider, 2)) == "sent"
    assert (taken(server), taken(server, 2)) == (0, 1)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_an_answer_too_many_is_never_taken_for_the_next(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, stage: Stage
) -> None:
    right = "354 go on\r\n250 taken" if stage == "data" else "250 ok\r\n250 ok"
    server.script(reply(stage, right))

    assert kind(await attempt(provider)) == "provider_unavailable"
    assert taken(server) == 0


async def test_a_server_that_wants_content_for_nobody_gets_none(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider
) -> None:
    server.script(reply("rcpt", "550 5.1.1 nobody"), reply("data", "354 go on"))

    assert kind(await attempt(provider)) == "failed"
    server.faults.clear()
    assert kind(await attempt(provider, 2)) == "sent"
    assert server.accepted.total() == 1


async def test_the_first_objection_stands_although_the_line_breaks_after_it(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider
) -> None:
    server.script(reply("mail", "451 4.7.1 greylisted"), drop("rcpt"))

    assert kind(await attempt(provider)) == "provider_deferred"
    server.faults.clear()
    assert kind(await attempt(provider)) == "sent"
    assert taken(server) == 1


async def test_commands_go_out_together_only_where_that_is_offered(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider
) -> None:
    server.script(stall("mail"))
    await attempt(provider)
    provider.close()

    assert server.heard["mail"] == 1
    assert server.heard["rcpt"] == 0, "the server itself hears one after the other"
    assert kind(await attempt(provider)) == "sent"


class Watch:
    """A clock that the test turns while a server is held."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return monotonic() + self.skipped


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_who_was_stopped_in_the_conversation_hands_nothing_over(
    server: ScriptedSmtpServer, stage: Stage
) -> None:
    clock, patient = Watch(), SmtpTimeouts(connect=1, command=5, acceptance=5)
    provider = SmtpEmailProvider(
        SmtpServer(server.host, server.port), timeouts=patient, clock=clock
    )
    server.script(hold(stage))

    async def stopped() -> None:
        await server.held()
        clock.skipped = 60.0
        server.let_go()

    outcome, _ = await asyncio.gather(attempt(provider), stopped())
    provider.close()

    assert kind(outcome) in {"too_late", "provider_unavailable"}
    assert taken(server) == 0


STAGES: list[Stage] = ["connect", "ehlo", "mail", "rcpt", "data", "content", "dot", "rset"]
ANSWERS = ["250 ok", "354 go on", "421 closing", "451 later", "550 5.1.1 no", "554 no", "what"]


def any_fault(chance: random.Random) -> Fault:
    stage = chance.choice(STAGES)
    made = chance.choice(
        [
            drop(stage, accepts=chance.random() < 0.5),
            stall(stage, accepts=chance.random() < 0.5),
            reply(stage, chance.choice(ANSWERS)),
        ]
    )
    if stage != "dot" and made.reply in {"250 ok", "354 go on"}:
        return reply(
            stage, "451 later"
        )  # a server may lie about the dot; else it would be another protocol
    return made


@pytest.mark.parametrize("seed", range(6))
async def test_no_script_makes_a_server_take_a_mail_twice(
    server: ScriptedSmtpServer, provider: SmtpEmailProvider, seed: int
) -> None:
    """A sender that does as its rows say: again after what is transient, never after anything else."""
    chance = random.Random(seed)  # noqa: S311 - the same script for the same seed
    server.script(*[any_fault(chance) for _ in range(8)])
    for number in range(6):
        outcome = await attempt(provider, number)
        for _ in range(20):
            if not isinstance(outcome, TransientError) or isinstance(outcome, OutcomeUnknown):
                break
            assert taken(server, number) == 0, "what is tried again was not taken"
            outcome = await attempt(provider, number)
        ended = kind(outcome)
        assert ended in {"sent", "failed", "unknown"}
        assert taken(server, number) <= (0 if ended == "failed" else 1)
