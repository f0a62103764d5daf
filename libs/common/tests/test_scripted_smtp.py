"""The scripted SMTP server: it takes mail like any other until it is told not to."""

from __future__ import annotations

import asyncio
import smtplib

import pytest

from common.testing.smtp import drop, hold, reply, scripted_smtp_server

MAIL = b"From: a@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"


def deliver(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.sendmail("a@example.org", ["b@example.org"], MAIL)


async def test_it_counts_what_it_took_by_message_id() -> None:
    async with scripted_smtp_server() as server:
        await asyncio.to_thread(deliver, server.port)
        await asyncio.to_thread(deliver, server.port)

        async with asyncio.timeout(5):
            await server.taken(2)

    assert server.accepted == {"<1@example.org>": 2}
    assert server.recipients == ["b@example.org", "b@example.org"]


async def test_a_fault_happens_once_and_only_at_its_stage() -> None:
    async with scripted_smtp_server() as server:
        server.script(reply("data", "451 4.3.0 later"))

        with pytest.raises(smtplib.SMTPDataError):
            await asyncio.to_thread(deliver, server.port)
        await asyncio.to_thread(deliver, server.port)

    assert server.accepted == {"<1@example.org>": 1}
    assert not server.faults


async def test_a_mail_can_be_taken_although_the_line_goes_dead() -> None:
    async with scripted_smtp_server() as server:
        server.script(drop("dot", accepts=True))

        with pytest.raises(smtplib.SMTPServerDisconnected):
            await asyncio.to_thread(deliver, server.port)

    assert server.accepted == {"<1@example.org>": 1}


async def test_a_held_mail_is_taken_as_if_nothing_had_been() -> None:
    async with scripted_smtp_server() as server:
        server.script(hold("rcpt"))
        delivering = asyncio.create_task(asyncio.to_thread(deliver, server.port))

        async with asyncio.timeout(5):
            await server.held()
        before = server.accepted.total()
        server.let_go()
        async with asyncio.timeout(5):
            await delivering

    assert (before, server.accepted.total()) == (0, 1)


async def test_it_offers_pipelining_only_where_it_was_told_to() -> None:
    def offers(port: int) -> bool:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.ehlo()
            return client.has_extn("pipelining")

    async with scripted_smtp_server() as plain, scripted_smtp_server(pipelining=True) as modern:
        assert not await asyncio.to_thread(offers, plain.port)
        assert await asyncio.to_thread(offers, modern.port)
