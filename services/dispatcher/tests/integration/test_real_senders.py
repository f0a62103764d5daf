"""Senders as real processes, killed and stopped in the middle of SMTP conversations: no mail twice, none lost."""

from __future__ import annotations

import signal
from functools import partial
from typing import Any

import pytest

from common.testing.smtp import hold
from services.dispatcher.tests.integration.processes import RealShop, real_shop


async def ended(shop: RealShop, count: int) -> bool:
    states = await shop.states()
    return states["sent"] + states["unknown"] == count


async def test_a_killed_sender_leaves_unknown_what_was_under_way_and_the_next_sends_the_rest(
    kafka_bootstrap: str, database: Any
) -> None:
    async with real_shop(kafka_bootstrap, database.of("dispatcher")) as shop:
        shop.smtp.script(hold("rcpt"), hold("dot", accepts=True))
        asked = [await shop.ask(number) for number in range(6)]
        async with shop.sender(instance="0") as first:
            await shop.smtp.held(2)
            first.send_signal(signal.SIGKILL)
            await first.wait()
        shop.smtp.let_go()
        async with shop.sender(instance="0"):
            await shop.until("all ends", partial(ended, shop, 6), 40)
            asked.append(await shop.ask(6))
            await shop.until("the next mail", partial(ended, shop, 7), 20)
        states, told = await shop.states(), await shop.told()

    assert states["unknown"] >= 2
    for one in asked:
        assert shop.acceptances(one) <= 1
        assert told[one] == ["unknown"] or (told[one] == ["sent"] and shop.acceptances(one) == 1)
    assert told[asked[-1]] == ["sent"]


@pytest.mark.fault
async def test_a_sender_stopped_in_a_conversation_neither_resends_nor_finishes_when_it_is_back(
    kafka_bootstrap: str, database: Any
) -> None:
    """Stopped until another has taken over; then it goes on, and later owns the partitions again."""
    async with real_shop(kafka_bootstrap, database.of("dispatcher")) as shop:
        shop.smtp.script(hold("rcpt"), hold("dot", accepts=True))
        held = [await shop.ask(number) for number in range(2)]
        async with shop.sender() as stopped:
            await shop.smtp.held(2)
            stopped.send_signal(signal.SIGSTOP)
            shop.smtp.let_go()
            async with shop.sender() as other:
                await shop.until("the takeover", partial(ended, shop, 2), 60)
                meanwhile = [await shop.ask(number) for number in range(2, 5)]
                await shop.until("the other's mails", partial(ended, shop, 5), 30)
                stopped.send_signal(signal.SIGCONT)
                back = [await shop.ask(number) for number in range(5, 8)]
                await shop.until("both at work", partial(ended, shop, 8), 30)
                other.send_signal(signal.SIGTERM)
                await other.wait()
            alone = [await shop.ask(number) for number in range(8, 10)]
            await shop.until("the first one's mails", partial(ended, shop, 10), 60)
        told = await shop.told()

    assert [told[one] for one in held] == [["unknown"], ["unknown"]]
    assert sorted(shop.acceptances(one) for one in held) == [0, 1]
    for one in [*meanwhile, *back, *alone]:
        assert told[one] == ["sent"]
        assert shop.acceptances(one) == 1
