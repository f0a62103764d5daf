"""A dispatcher whose database began anew reads seven days of requests, and sends none of them."""

from __future__ import annotations

from datetime import timedelta

from common.clock import utc_now
from common.contracts import decode_event
from services.dispatcher.tests.integration.world import World


async def test_old_requests_are_never_sent_and_old_contacts_count(world: World) -> None:
    world.progress()
    world.log.clock = lambda: utc_now() - timedelta(hours=2)
    for number in range(5):
        world.contact(number)
    open_then = [world.request(number) for number in range(4)]
    over_then = world.request(4, expires_at=utc_now() - timedelta(hours=1))
    world.log.clock = utc_now

    async with world.consuming(), world.sending():
        await world.until("their ends", lambda: all(world.told(one) for one in open_then))
        world.request(0)  # asked for again: one id, one fate
        new = world.request(7, profile=1)
        await world.until("the new mail", lambda: world.told(new))

    assert [world.told(one) for one in open_then] == [[("unknown", "history")]] * 4
    assert world.told(over_then) == []
    assert world.told(new) == [("sent", "")]
    assert [mail["To"] for mail in world.smtp.mails] == ["c1@example.com"]
    assert await world.states() == {"unknown": 5, "sent": 1}


async def test_what_is_told_of_history_is_marked_as_history(world: World) -> None:
    world.log.clock = lambda: utc_now() - timedelta(hours=2)
    world.contact(1)
    asked = world.request(1)
    world.log.clock = utc_now

    async with world.consuming():
        await world.until("its end", lambda: world.told(asked))

    (status,) = world.log.records("delivery.status")
    assert decode_event(status.value or b"").type == "delivery.unknown.v1"
    assert status.headers["history"] == b"1"
