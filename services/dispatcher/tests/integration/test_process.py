"""The dispatcher's processes together on a real Kafka and a real PostgreSQL, as `cuestream up` starts them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx

from common.clock import utc_now
from common.configuration import content_of
from common.contracts.deliveries import DeliverySent, DeliverySkipped
from common.contracts.ingestion import ConsentConfirmed
from common.contracts.profiles import ContactChanged, WithdrawalRequested
from common.ids import derive
from common.testing.installation import installed, running
from common.testing.smtp import scripted_smtp_server
from cuestream.stack.ports import free_port
from dispatcher.settings import ApiSettings, ConsumeSettings, MigrateSettings, SendSettings
from dispatcher.wiring import api, consume, migrate, send
from services.dispatcher.tests.making import FILES, consent, request

ANNA = derive("test", "anna")
PLAYBOOK = content_of("playbook", "cart_abandonment", FILES)
WORKSPACE = content_of(
    "workspace",
    "shop",
    {
        "workspace.yaml": f"""
sources:
  shop: {{kind: server, key_sha256: "{"0" * 64}"}}
brand: {{name: Shop, url: "https://example.org/", imprint: Shop GmbH}}
locales: [de, en]
"""
    },
)


async def test_a_mail_goes_out_its_one_click_stops_the_next_and_a_button_confirms(
    kafka_bootstrap: str, database: Any
) -> None:
    url, port = database.of("dispatcher"), free_port()
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with installed(kafka_bootstrap) as shop, scripted_smtp_server() as smtp:
        await shop.configure("shop", [WORKSPACE, PLAYBOOK])
        given = {
            **shop.settings.model_dump(by_alias=True),
            "DATABASE_URL": url,
            "local": True,
            "token_secrets": "a-secret-of-the-tests",
            "public_url": f"http://127.0.0.1:{port}",
            "smtp_url": f"smtp://{smtp.host}:{smtp.port}",
        }
        contact = ContactChanged(
            profile_version=1,
            email="anna@example.com",
            consents=(consent(since=utc_now() - timedelta(days=1)),),
        )
        later = {"expires_at": utc_now() + timedelta(hours=1), "version": PLAYBOOK.hash}
        async with (
            running(consume(ConsumeSettings(**given, port=0))),
            running(send(SendSettings(**given, port=0))),
            running(api(ApiSettings(**given, port=port))),
        ):
            await shop.pass_time(utc_now() + timedelta(hours=1))
            await shop.append(contact, ANNA)
            await shop.append(request(1, **later), ANNA)
            [sent] = await shop.wait_for(DeliverySent)
            [mail] = smtp.mails
            link = str(mail["List-Unsubscribe"]).strip("<>")
            async with httpx.AsyncClient() as client:
                asked = await client.get(link)
                done = await client.post(link, content="List-Unsubscribe=One-Click")
                seen = await client.get(link.replace("/u/", "/v/"))
                ready = await client.get(f"http://127.0.0.1:{port}/readyz")
            [command] = await shop.wait_for(WithdrawalRequested)
            await shop.append(request(2, **later), ANNA)
            [skipped] = await shop.wait_for(DeliverySkipped)
            asking = {"message": "ask", "purpose": "transactional", "triggered_at": utc_now()}
            await shop.append(request(3, **(later | asking)), ANNA)
            await shop.wait_for(DeliverySent, count=2)
            text = smtp.mails[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr] # it has one
            [link] = re.findall(rf"{given['public_url']}/c/[A-Za-z0-9_-]+", text)
            async with httpx.AsyncClient() as client:
                page = await client.get(link)
                pressed = await client.post(link, headers={"X-Forwarded-For": "203.0.113.9"})
                shown = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            [confirmed] = await shop.wait_for(ConsentConfirmed)

    assert sent.provider == "smtp"
    assert (asked.status_code, done.status_code, ready.status_code) == (200, 200, 200)
    assert "Hut" in seen.text
    assert (command.channel, command.purpose, command.via) == ("email", "marketing", "one_click")
    assert skipped.reason == "withdrawn"
    assert (page.status_code, pressed.status_code) == (200, 200)
    assert (confirmed.channel, confirmed.purpose) == ("email", "marketing")
    assert (confirmed.asked_at, confirmed.ip) == (asking["triggered_at"], "127.0.0.1")
    assert 'cuestream_confirmations_total{outcome="accepted",workspace="shop"} 1.0' in shown
    assert len(smtp.mails) == 2
