"""What the shop of `bench chain` publishes, and the events that its visitors cause."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec

from common.clock import utc_now
from common.ids import accepted_event_id
from cuestream.bench.crowd import user
from cuestream.bench.sides import WORKSPACE, WORKSPACE_FILE

TRIGGER = "Checkout Started"
EVERY = 20
"""One event in so many leads to a proposal, a decision and a mail."""
MEMBERS = 500
"""People with an address and a consent: who triggers is one of them."""
_PLAYBOOK = f"""\
purpose: marketing
trigger: {{event: [{TRIGGER}]}}
entry: {{again: always}}
steps:
  - propose: {{message: hello, channels: [email], expires_after: 24h}}
"""
_TEMPLATE = """\
---
subject: "Hello {{ customer.first_name }}"
---
<!doctype html><html lang="en"><body><p>Hello {{ customer.first_name }}, can we help?</p>
<p><a href="{{ links.unsubscribe }}">Unsubscribe</a></p></body></html>
"""
_TEXT = "Hello {{ customer.first_name }}, can we help?\n\nUnsubscribe: {{ links.unsubscribe }}\n"
_BROWSED = ("Product Viewed", "Product Added", "Product List Viewed", "Page Viewed")
_encode = msgspec.json.Encoder().encode


def publish_into(folder: Path) -> None:
    """Write the workspace and its playbook."""
    playbook = folder / "playbooks" / "hello"
    (folder / "workspaces").mkdir(parents=True)
    (playbook / "templates").mkdir(parents=True)
    (folder / "workspaces" / f"{WORKSPACE}.yaml").write_text(WORKSPACE_FILE)
    (playbook / "journey.yaml").write_text(_PLAYBOOK)
    (playbook / "templates" / "hello.email.en.liquid").write_text(_TEMPLATE)
    (playbook / "templates" / "hello.email.en.txt.liquid").write_text(_TEXT)


def member(number: int) -> str:
    return f"member-{number:04d}"


@dataclass(slots=True)
class Visitors:
    """Makes events; remembers when each of those was made that must lead to a decision."""

    profiles: int
    run: str
    """Part of every message id."""
    triggers: dict[UUID, datetime] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 - no secret
    _numbers: count[int] = field(default_factory=count)

    def identify(self, number: int) -> bytes:
        """A member tells who it is, and says yes."""
        name = member(number)
        traits = {
            "email": f"{name}@shop.example",
            "firstName": f"Member {number}",
            "locale": "en",
            "consents": {"email.marketing": True},
        }
        return _encode(
            {
                "type": "identify",
                "messageId": f"{self.run}-{name}",
                "userId": name,
                "traits": traits,
            }
        )

    def event(self, name: str | None = None) -> bytes:
        """What somebody does; `name` is the user, else anybody."""
        number = next(self._numbers)
        message = f"{self.run}-{number}"
        if name is None and number % EVERY == 0:
            self.triggers[accepted_event_id(WORKSPACE, "shop", message)] = utc_now()
            name, activity = member(self._chance.randrange(MEMBERS)), TRIGGER
        else:
            name = name or user(self._chance.randrange(self.profiles))
            activity = _BROWSED[number % len(_BROWSED)]
        product = self._chance.randrange(1000)
        properties = {
            "product_id": f"p-{product}",
            "category": "Games",
            "name": f"Monopoly, edition {product}",
            "price": 18.99,
            "quantity": 1,
            "currency": "EUR",
            "url": f"https://shop.example/product/{product}",
        }
        return _encode(
            {
                "type": "track",
                "event": activity,
                "messageId": message,
                "userId": name,
                "properties": properties,
                "context": {"locale": "en-GB", "page": {"path": f"/product/{product}"}},
            }
        )
