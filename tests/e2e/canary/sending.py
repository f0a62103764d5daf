"""Every way in, used by somebody who writes personal data wherever anything may be written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from common.clock import utc_now
from services.ingest.tests import payloads, vendors
from tests.e2e.canary import messages
from tests.e2e.canary.planting import Canaries

KINDS = ("shopify", "woocommerce", "shopware", "hubspot", "salesforce", "stripe", "standard")
PLAN = """\
unknown_events: accept
violations: quarantine
events:
  Canary Planned:
    schema:
      type: object
      additionalProperties: false
      propertyNames: {maxLength: 12}
      dependentRequired: {any: [size]}
      properties:
        size: {type: string, enum: [small, large]}
        age: {type: integer}
        code: {type: string, pattern: "^[0-9]+$"}
        mail: {const: none}
        at: {type: string, format: date}
        list: {type: array, uniqueItems: true}
        any: {not: {type: string}}
"""


SECRETS = {"CANARY_SECRET": "whsec_Y2FuYXJpZXMtYXJlLXBsYW50ZWQ="}


def sources() -> dict[str, Any]:
    """A source of webhooks of each kind, with the same secret."""
    return {
        f"canary-{kind}": {"kind": kind, "secrets": [*SECRETS]}
        | ({"account": vendors.ORGANISATION} if kind == "salesforce" else {})
        for kind in KINDS
    }


@dataclass
class Sender:
    """Sends, and remembers what was answered."""

    c: Canaries
    ingest: str
    secret: str
    replies: list[httpx.Response] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """Ids of messages that must have been resolved before anything is looked for."""

    def everything(self) -> None:
        for sends in (self.segment, self.single, self.rejected, self.cloudevents, self.pixels, self.webhooks, self.doors):  # fmt: skip
            sends()

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Under the demo's server key, with canaries in every header and in the query."""
        return self._request("POST", path, body, {"authorization": "Bearer cs_s_demo", **headers})

    def _request(
        self, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        query = "" if "?" in path else "?" + urlencode({"email": self.c.email(f"query of {path}")})
        reply = httpx.request(
            method,
            f"{self.ingest}{path}{query}",
            content=content,
            headers={**self._headers(path), **headers},
            timeout=30,
        )
        self.replies.append(reply)
        return reply

    def _headers(self, path: str) -> dict[str, str]:
        names = ("user-agent", "cookie", "from", "x-request-id", "x-real-ip", "true-client-ip", "x-forwarded-user", "tracestate", "baggage", "accept-language")  # fmt: skip
        return {
            **{name: self.c.email(f"{name} of {path}") for name in names},
            "referer": f"https://shop.example/{self.c.email(f'referer of {path}')}",
            "x-forwarded-for": self.c.ip(f"x-forwarded-for of {path}"),
            "forwarded": f"for={self.c.ip(f'forwarded of {path}')}",
            "traceparent": f"00-{self.c.name(f'traceparent of {path}')}",
        }

    def segment(self) -> None:
        """Each call in a batch, and as history."""
        for path in ("/v1/batch", "/v1/import"):
            batch = messages.calls(self.c)
            around = {"context": messages.context(self.c, path), "writeKey": self.c.name(path)}
            reply = self.post(path, {"batch": batch, "sentAt": "2026-03-01T12:00:00Z", **around})
            assert reply.json()["accepted"] == len(batch), reply.text
            for message in batch:
                self._remember(message)

    def single(self) -> None:
        for message in messages.calls(self.c):
            reply = self.post(f"/v1/{message.pop('type')}", message)
            assert reply.status_code == 200, reply.text
            self._remember(message)

    def _remember(self, message: Mapping[str, Any]) -> None:
        if message.get("properties", {}).get("product_id") != messages.CATALOG:
            self.accepted.append(message["messageId"])  # those of the catalog are nobody's

    def rejected(self) -> None:
        """As far as JSON can say it."""
        unfit = messages.unfit(self.c)
        reply = self.post("/v1/batch", {"batch": unfit})
        assert len(reply.json()["rejected"]) >= 8, reply.text
        for message in unfit:
            self.post("/v1/track", message)
        for body in (b"{", f'{{"userId": "{self.c.email("no JSON")}'.encode(), b"[1]"):
            assert self.post("/v1/track", body).status_code == 400
        name = self.c.name("binary")
        self.post("/v1/batch", b"\x1f\x8b" + name.encode())
        self.post("/v1/track", name.encode(), **{"content-encoding": name, "content-type": name})

    def doors(self) -> None:
        """Addresses, keys and methods that there are not."""
        c = self.c
        for path in (f"/v1/{c.email('address')}", f"/v1/hooks/{c.email('hook')}", f"/{c.email('root')}",
                     f"/v1/projects/{c.email('project')}/settings", f"/v1/messages/{c.email('message')}"):  # fmt: skip
            for method in ("GET", "POST", "PUT", "OPTIONS", c.name("method").upper()):
                reply = self._request(method, path, b"{}", {})
                assert reply.status_code < 500, reply.text
        for key in (f"Bearer {c.email('bearer')}", f"Basic {c.name('basic')}", c.name("scheme")):
            reply = self.post("/v1/track", {"userId": c.name("of a stranger")}, authorization=key)
            assert reply.status_code == 401, reply.text
        reply = self._request("POST", "/v1/track", {"writeKey": c.email("key in the body")}, {})
        assert reply.status_code == 401, reply.text
        origin = {
            "authorization": "Bearer cs_b_demo",
            "origin": f"https://{c.name('origin')}.example",
        }
        self._request("POST", "/v1/page", messages.common(c, "page"), origin)
        bot = {"authorization": "Bearer cs_b_demo", "user-agent": f"Googlebot {c.email('bot')}"}
        self._request("POST", "/v1/page", messages.common(c, "page"), bot)

    def cloudevents(self) -> None:
        """Every mode, and what is no event."""
        events = [self._event("Product Added"), self._event(f"com.example.{self.c.email('type')}"), self._event("identify")]  # fmt: skip
        for event in (*events, *self._no_events()):
            self.post("/v1/cloudevents", event, **{"content-type": "application/cloudevents+json"})
            binary = {f"ce-{k}": str(v) for k, v in self._fresh(event).items() if k != "data"}
            self.post("/v1/cloudevents", event.get("data", ""), **{"content-type": "application/json", **binary})  # fmt: skip
        batch = {"content-type": "application/cloudevents-batch+json"}
        listed = [self._fresh(event) for event in (*events, *self._no_events())]
        assert self.post("/v1/cloudevents", listed, **batch).json()["accepted"] >= len(events)
        self.post("/v1/cloudevents", {}, **{"content-type": f"application/cloudevents+{self.c.name('format')}"})  # fmt: skip

    def _event(self, type_: str) -> dict[str, Any]:
        c, where = self.c, "cloudevent"
        data = {**messages.traits(c, f"{where}.data"), **messages.properties(c, f"{where}.data")}
        return {
            "specversion": "1.0",
            "id": c.email(f"{where}.id"),
            "source": f"/{c.email(f'{where}.source')}",
            "type": type_,
            "subject": c.email(f"{where}.subject"),
            "anonymousid": c.name(f"{where}.anonymousid"),
            "dataschema": f"https://x.example/{c.email(f'{where}.dataschema')}",
            "time": "2026-03-01T11:59:30Z",
            "extension": c.email(f"{where}.extension"),
            c.name(f"{where} (a name)"): c.name(f"{where} (under that name)"),
            "data": data,
        }

    def _fresh(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {**event, "id": self.c.email("cloudevent.id")} if "id" in event else dict(event)

    def _no_events(self) -> Iterator[dict[str, Any]]:
        whole = self._event("Product Added")
        for name in ("specversion", "source", "time", "datacontenttype"):
            yield {**whole, name: f"{self.c.email(f'a wrong {name}')} ^"}
        for name in ("id", "type"):
            yield {key: value for key, value in whole.items() if key != name}
        nobody = {
            key: value for key, value in whole.items() if key not in {"subject", "anonymousid"}
        }
        yield nobody
        yield {**nobody, "data_base64": self.c.name("not base64")}

    def pixels(self) -> None:
        c = self.c
        names = ("user", "anonymous", "id", "title", "campaign_id", "utm_id", "utm_campaign", "utm_source", "utm_medium", "utm_term", "utm_content", "more")  # fmt: skip
        for event in ("visit", "open", c.email("an unknown pixel")):
            said = {name: c.email(f"pixel.{name}") for name in names}
            said |= {"path": f"/{c.text('pixel.path')}", "event": event, "key": "cs_b_demo"}
            self._request("GET", f"/v1/pixel.gif?{urlencode(said)}", b"", {})
        for said in (
            {"key": c.email("pixel.key")},
            {"key": "cs_b_demo", "title": c.name("pixel of nobody")},
        ):
            self._request("GET", f"/v1/pixel.gif?{urlencode(said)}", b"", {})

    def webhooks(self) -> None:
        """Each vendor's event, one of a topic that there is not, and one of a stranger."""
        for sent in vendors.ALL:
            for body, topic in self._bodies(sent):
                reply = self._hook(sent, body, self.secret, topic)
                assert reply.status_code == 200, reply.text
            body, _ = self._bodies(sent)[0]
            assert self._hook(sent, body, vendors.WRONG).status_code == 401
            no_event = self.c.email("a hook's body").encode()
            assert self._hook(sent, no_event, self.secret).status_code in (200, 400)

    def _bodies(self, sent: vendors.Sent) -> Sequence[tuple[bytes, str]]:
        """With the topic where a header says it."""
        c, kind = self.c, sent.kind
        if kind == "salesforce":
            return [(self._soap("Lead"), ""), (self._soap(c.name("salesforce.topic")), "")]
        value = json.loads(sent.body)
        known, unknown = c.over(value, kind), c.over(value, f"{kind} (unknown topic)")
        topic = c.email(f"{kind}.topic")
        if kind == "shopware":
            unknown["data"]["event"] = topic
        elif kind == "hubspot":
            unknown = [{**one, "subscriptionType": topic, "propertyName": topic} for one in unknown]
        else:
            unknown["type"] = topic
        return [(json.dumps(known).encode(), ""), (json.dumps(unknown).encode(), topic)]

    def _soap(self, kind: str) -> bytes:
        planted = self.c.over(payloads.SALESFORCE_LEAD, f"salesforce.{kind}")
        return payloads.salesforce(kind, planted).encode()

    def _hook(
        self, sent: vendors.Sent, body: bytes, secret: str, topic: str = ""
    ) -> httpx.Response:
        path = f"/v1/hooks/demo/canary-{sent.kind}{sent.query(secret)}"
        now = utc_now()
        signed = body
        if sent.kind == "hubspot":
            path += "?" + urlencode({"email": self.c.email("query of a signed address")})
            address = f"{self.ingest}{path}".encode()
            stamp = str(int(now.timestamp() * 1000))
            headers = [("X-HubSpot-Signature-v3", vendors.b64(secret, b"POST" + address + body + stamp.encode())),
                       ("X-HubSpot-Request-Timestamp", stamp)]  # fmt: skip
        else:
            headers = sent.sign(signed, secret, now, self.c.email(f"{sent.kind}'s id"))
        said = {
            name: topic if topic and name.endswith("-Topic") else value for name, value in headers
        }
        return self._request("POST", path, body, said)
