"""Personal data in every field of every call reach no log, metric, header, derived topic or table but those of people."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import partial
from pathlib import Path

import httpx
import pytest

from cuestream.reaching.installation import find_installation
from tests.e2e.canary.foreign import foreign
from tests.e2e.canary.planting import Canaries
from tests.e2e.canary.searching import everywhere, unpacked
from tests.e2e.canary.sending import SECRETS, Sender
from tests.e2e.stack import Stack, eventually
from tests.e2e.test_main_chain import LAMP


@pytest.fixture
def sender(stack: Stack, shop: Path) -> Sender:
    return Sender(Canaries(), stack.endpoints["ingest"], SECRETS["CANARY_SECRET"])


async def test_what_is_personal_stays_where_it_may_be(stack: Stack, sender: Sender) -> None:
    c = sender.c
    buyer, address = c.email("buyer.userId"), c.email("buyer.email")
    abandon(sender, buyer, address)
    sender.everything()
    foreign(c, stack.endpoints["kafka"])
    operate(stack, c)
    resolved(stack, sender)
    eventually("strangers on the page of sources", partial(reported, stack), 60)
    [mail] = eventually("the canary's mail", lambda: stack.mails(address), 60)
    follow(stack, c, stack.mail(mail["ID"])["ListUnsubscribe"]["Header"])
    listed = stack.cuestream("quarantine", "list") + stack.cuestream("quarantine", "list", "--json")

    found: defaultdict[str, set[str]] = defaultdict(set)
    found["quarantine list"] = c.found(listed.encode())
    found["details of answers"] = c.found(answered(sender).encode())
    async for text in everywhere(stack.data):
        found[text.where] |= c.found(text.text)
    leaks = {where: sorted(planted)[:12] for where, planted in sorted(found.items()) if planted}
    assert leaks == {}, json.dumps(leaks, indent=1)
    assert len(c.planted) > 3_000


def test_a_canary_is_found_in_whatever_form() -> None:
    c = Canaries()
    texts = [c.name("name"), c.email("email"), c.phone("phone"), c.ip("ip"), c.ip6("ip6")]

    assert [sorted(c.found(text.encode())) for text in texts] == [
        ["name"],
        ["email"],
        ["phone"],
        ["ip"],
        ["ip6"],
    ]
    assert c.found(b"QX00000Q") == {"name"}
    assert c.found(b"qx99999q") == set()
    assert c.found(unpacked(b'{"state": "' + b"eyJlbWFpbCI6ICJxeDAwMDAwcUBjYW5hcnkuZXhhbXBsZSJ9" + b'"}')) == {"name"}  # fmt: skip


def abandon(sender: Sender, user: str, address: str) -> None:
    """A cart that is reminded of: a score, a decision, a mail."""
    said = {"email": address, "consents": {"email.marketing": True}, "firstName": sender.c.name("buyer.firstName"), "locale": "de"}  # fmt: skip
    sender.post("/v1/identify", {"userId": user, "traits": said})
    sender.post("/v1/track", {"userId": user, "event": "Product Added", "properties": LAMP})


def resolved(stack: Stack, sender: Sender) -> None:
    """Wait until resolve has folded all that was sent: what comes last, on every partition, too."""
    last = [{"type": "page", "userId": f"last-{n}", "messageId": f"last-{n}"} for n in range(60)]
    assert sender.post("/v1/batch", {"batch": last}).json()["accepted"] == len(last)
    installation = find_installation(stack.data)
    headers = {"authorization": f"Bearer {installation.admin_key}"}
    with httpx.Client(base_url=installation.url("resolve"), headers=headers) as http:

        def known(message_id: str) -> bool:
            return http.get(f"/v1/messages/{message_id}").is_success

        for message_id in (*sender.accepted, *(message["messageId"] for message in last)):
            eventually(f"{message_id} resolved", partial(known, message_id), 60)


def reported(stack: Stack) -> bool:
    """Whether what came last of all has been counted, and told on the topic that the page reads: what is of no workspace."""
    installation = find_installation(stack.data)
    headers = {"authorization": f"Bearer {installation.admin_key}"}
    page = httpx.get(f"{installation.url('orchestrator')}/sources", headers=headers)
    return "(unknown)" in page.text


def operate(stack: Stack, c: Canaries) -> None:
    """What operators and strangers ask the other services."""
    installation = find_installation(stack.data)
    suppressed = [
        {"channel": "email", "address": c.email("suppressed"), "reason": "bounced"},
        {"channel": "*", "address": c.phone("suppressed"), "reason": "complained"},
        {"channel": "email", "address": c.name("no address")},
    ]
    resolve, orchestrator = installation.url("resolve"), installation.url("orchestrator")
    dispatcher = installation.url("dispatcher")
    for key in (str(installation.admin_key), c.email("admin key")):
        with httpx.Client(headers={"authorization": f"Bearer {key}", "user-agent": c.email("operator's agent")}) as http:  # fmt: skip
            body = {"workspace": "demo", "suppressions": suppressed}
            http.post(f"{dispatcher}/v1/suppressions", json=body)
            http.post(f"{dispatcher}/v1/suppressions", json={"workspace": c.email("workspace")})  # fmt: skip
            for url, path in (
                (resolve, "/v1/profiles"),
                (resolve, "/v1/consents"),
                (resolve, f"/v1/messages/{c.email('looked up')}"),
                (orchestrator, f"/v1/profiles/{c.email('profile')}"),
                (orchestrator, f"/v1/profiles/{c.email('profile')}/story"),
                (orchestrator, f"/{c.email('console')}"),
                (orchestrator, "/profiles"),
                (orchestrator, f"/profiles/{c.email('shown')}"),
                (orchestrator, "/login"),
                (dispatcher, f"/v1/deliveries/{c.email('delivery')}"),
                (dispatcher, f"/u/{c.email('token')}"),
            ):
                for kind in ("email", "user", "phone", c.name("kind of id")):
                    reference = f"{kind}:{c.email('reference')}"
                    http.get(f"{url}{path}", params={"ref": reference})
            looked = {"workspace": c.email("workspace's sources"), "source": c.email("source")}
            http.get(f"{orchestrator}/sources", params=looked)


def follow(stack: Stack, c: Canaries, header: str) -> None:
    """The links of the mail, with what mail programs add to them."""
    link = header.split("<", 1)[1].split(">", 1)[0]
    headers = {name: c.email(f"{name} of a link") for name in ("user-agent", "referer", "cookie", "accept-language")}  # fmt: skip
    for page in ("/p/", "/v/", "/u/"):
        for method in ("GET", "HEAD", "POST"):
            address = f"{link.replace('/u/', page)}?email={c.email('link')}"
            form = f"no=marketing&email={c.email('form of a link')}"
            httpx.request(method, address, headers=headers, content=form)
    httpx.get(f"{link}{c.email('broken token')}", headers=headers)
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}, headers=headers).is_success


def answered(sender: Sender) -> str:
    """What was said of why, without the message ids, which are the client's own to know."""
    said = []
    for reply in sender.replies:
        said.append(reply.headers.get("x-error", ""))
        if reply.headers.get("content-type", "").startswith("application/json"):
            answer = reply.json()
            rejected = answer.get("rejected", []) if isinstance(answer, dict) else []
            said += [str({k: v for k, v in one.items() if k != "messageId"}) for one in rejected]
            said.append(
                str({k: v for k, v in answer.items() if k not in ("rejected", "messageId")})
            )
    return "\n".join(said)
