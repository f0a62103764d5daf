"""As many playbooks as wanted, of the kinds that shops have."""

from __future__ import annotations

from typing import Final

from common.configuration import Content, content_of

SHOPS: Final = 26
"""So many use cases there are."""
_JOURNEY = """\
purpose: marketing
trigger: {trigger}
entry: {entry}
goal: {{event: Order Completed}}
steps:
  - wait: {wait}
  - propose: {{message: hello, channels: [email], expires_after: 24h}}
  - wait: {{for: 2d}}
  - branch:
      - when: customer.orders.count > 1
        steps: [{{propose: {{message: hello, channels: [email], expires_after: 24h}}}}]
"""
_TEMPLATES = {
    "templates/hello.email.en.liquid": "<p>Hello {{ customer.first_name }}</p>",
    "templates/hello.email.en.txt.liquid": "Hello {{ customer.first_name }}",
}
_CART = (
    '{event: [Product Added, Product Removed, Cart Viewed], when: "size(customer.cart.items) > 0"}',
    "{key: customer.cart.id, again: per_key}",
    "{for: 30m, restart_on: [Product Added, Product Removed, Cart Viewed]}",
)
_AFTER_A_DAY = "{for: 1d}"
_SOMETIMES = "{again: {after: 30d}}"
_OF_ALL: Final = (
    """{event: Product Viewed, when: "customer.counts['Product Viewed'] >= 3"}""",
    """{event: Product Viewed, when: "event.properties.category == 'Tools'"}""",
    "{event: Page Viewed, when: \"customer.counts['Page Viewed'] >= 20\"}",
    "{becomes: customer.orders.count >= 3}",
    "{becomes: \"customer.counts['Product Viewed'] >= 50\"}",
    "{score: lead, reaches: 50}",
    "{score: lead, falls_below: 10}",
    "{inactive: 60d}",
    "{inactive: {rhythm: 3, least: 14d, most: 180d}}",
    '{date: customer.orders.first_at, every: year, time: "09:00"}',
)
_EVERY: Final = 20
"""Of so many further playbooks one listens to what everybody does, one to a score, one to a count; all others to something of their own."""


def playbooks(count: int) -> list[Content]:
    """The first 26 are a shop's; the others are more of the same, each about something else."""
    return [_playbook(number) for number in range(count)]


def _playbook(number: int) -> Content:
    trigger, entry, wait = _CART if number == 0 else (_trigger(number), _SOMETIMES, _AFTER_A_DAY)
    journey = _JOURNEY.format(trigger=trigger, entry=entry, wait=wait)
    return content_of("playbook", f"p{number:04}", {"journey.yaml": journey, **_TEMPLATES})


def _trigger(number: int) -> str:
    if number <= len(_OF_ALL):
        return _OF_ALL[number - 1]
    if number < SHOPS:
        return f"{{event: Thing {number} Done}}"
    match number % _EVERY:
        case 0:
            return (
                f"""{{event: Product Viewed, when: "event.properties.category == 'C{number}'"}}"""
            )
        case 1:
            return f"{{score: lead, reaches: {number % 101}}}"
        case 2:
            return f"""{{becomes: "customer.counts['Thing {number} Done'] >= 3"}}"""
        case _:
            return f"{{event: Thing {number} Done}}"
