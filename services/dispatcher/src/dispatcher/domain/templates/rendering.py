"""Renders one message for one recipient: context, subject, HTML and text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.contracts.actions import CartItem, Occurrence
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.locales import habits, match_locale
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules
from dispatcher.domain.templates.engine import (
    LOCALE,
    ZONE,
    LiquidError,
    TemplateError,
    UndefinedError,
    absent,
)
from dispatcher.domain.templates.files import Part, Template, Templates
from dispatcher.domain.templates.layout import frame, is_document, with_preheader
from dispatcher.domain.templates.plaintext import text_of

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_LONGEST_SUBJECT = 400
_ODDITIES = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""What Liquid's filters let through on odd arguments; one odd template must not stop the sender."""


@dataclass(frozen=True, slots=True)
class Links:
    """The ways from a mail back to us."""

    unsubscribe: str
    preferences: str
    view: str
    confirm: str | None = None
    """Only of a mail that asks for consent."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message, ready to be put into a mail."""

    locale: str
    subject: str
    """One line."""
    html: str
    text: str


def render(
    templates: Templates, delivery: Delivery, recipient: Recipient, rules: Rules, links: Links
) -> Rendered:
    """Render the message in the recipient's language.

    Raises:
        TemplateError: there is no such template, it uses what is not defined, goes beyond its
            limits, or is an advertisement without a way to unsubscribe, or asks for consent without the link.
    """
    template, wanted = _choose(templates, delivery, recipient, rules)
    values = _values(delivery, recipient, rules, links)
    values[LOCALE] = habits(wanted, template.locale)
    values[ZONE] = _zone(recipient)
    try:
        ways = _ways(links, marketing=not delivery.is_transactional)
        rendered = _render(template, values, rules, ways)
    except UndefinedError as error:
        # Names the variable. Other messages may quote a value, and this one ends in a log.
        raise TemplateError(f"{template.name}: {error.args[0]}") from error
    except (LiquidError, *_ODDITIES) as error:
        raise TemplateError(f"{template.name}: {type(error).__name__}") from error
    if not delivery.is_transactional:
        _require(template, rendered, links.unsubscribe, "links.unsubscribe")
    if links.confirm is not None:
        _require(template, rendered, links.confirm, "links.confirm")
    return rendered


def _choose(
    templates: Templates, delivery: Delivery, recipient: Recipient, rules: Rules
) -> tuple[Template, str | None]:
    request = delivery.request
    by_locale = templates.of(request.message, request.channel)
    wanted = recipient.contact.locale if recipient.contact else None
    locale = match_locale(wanted, tuple(by_locale), rules.locales)
    if locale is None:
        raise TemplateError(f"{request.message}: no template for {request.channel}")
    return by_locale[locale], wanted


def _ways(links: Links, *, marketing: bool) -> Mapping[str, str]:
    """The ways out of a mail; from what fulfils a contract nobody unsubscribes."""
    ways = {"preferences": links.preferences, "view": links.view}
    return {"unsubscribe": links.unsubscribe, **ways} if marketing else ways


def _render(
    template: Template, values: Mapping[str, Any], rules: Rules, ways: Mapping[str, str]
) -> Rendered:
    subject = _one_line(template.subject.render(**values))
    html = template.html.render(**values)
    if not is_document(html):
        html = frame(html, subject=subject, language=template.locale, brand=rules.brand, links=ways)
    text = _text(template.text, values, html)
    if template.preheader is not None:
        html = with_preheader(html, template.preheader.render(**values))
    return Rendered(template.locale.replace("_", "-"), subject, html, text)


def _text(part: Part | None, values: Mapping[str, Any], html: str) -> str:
    return text_of(html) if part is None else part.render(**values)


def _values(delivery: Delivery, recipient: Recipient, rules: Rules, links: Links) -> dict[str, Any]:
    contact = recipient.contact
    return {
        "customer": {
            "first_name": _or_absent("customer.first_name", contact and contact.first_name),
            "last_name": _or_absent("customer.last_name", contact and contact.last_name),
        },
        "cart": {"items": [_item(item) for item in delivery.request.cart]},
        "trigger": _trigger(delivery.request.trigger),
        "vars": _Known("vars", delivery.request.variables),
        "parameters": _Known("parameters", delivery.request.parameters),
        "links": _named(links),
        "brand": {
            name: rules.brand.get(name) or absent(f"brand.{name}")
            for name in {"name", "url", "logo", "imprint", *rules.brand}
        },
    }


class _Known(dict[str, Any]):
    """What a passage knows: what is not in it is absent, whatever its name."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        super().__init__({key: _inside(f"{name}.{key}", value) for key, value in values.items()})
        self._name = name

    def __missing__(self, key: str) -> object:
        return absent(f"{self._name}.{key}")


def _inside(name: str, value: object) -> object:
    """Objects and lists of objects, such as the lines of an order, may lack anything, too."""
    if isinstance(value, dict):
        return _Known(name, value)
    if isinstance(value, list):
        return [_inside(name, one) for one in value]
    if name.endswith("url"):
        return _or_absent(name, _web(value if isinstance(value, str) else None))
    return _or_absent(name, value)


def _trigger(occurrence: Occurrence | None) -> object:
    if occurrence is None:
        return _Known("trigger", {"properties": {}})
    return {
        "name": occurrence.name,
        "occurred_at": occurrence.occurred_at,
        "properties": _Known("trigger.properties", occurrence.properties),
    }


def _item(item: CartItem) -> dict[str, Any]:
    return {
        "product_id": item.product_id,
        "name": _or_absent("item.name", item.name),
        "quantity": item.quantity,
        "price": _or_absent("item.price", item.price),
        "url": _or_absent("item.url", _web(item.url)),
        "picture": _or_absent("item.picture", _web(item.picture)),
    }


def _or_absent(name: str, value: object) -> object:
    return absent(name) if value is None or value == "" else value


def _web(url: str | None) -> str | None:
    """A shop's address as it may stand in a link: nothing but the web."""
    return url if url and re.match(r"https?://", url) else None


def _named(links: Links) -> dict[str, Any]:
    return {
        "unsubscribe": links.unsubscribe,
        "preferences": links.preferences,
        "view": links.view,
        "confirm": _or_absent("links.confirm", links.confirm),
    }


def _zone(recipient: Recipient) -> ZoneInfo:
    try:
        return ZoneInfo((recipient.contact and recipient.contact.time_zone) or "Europe/Berlin")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Berlin")


def _one_line(subject: str) -> str:
    line = " ".join(_CONTROLS.sub(" ", subject).split())
    if not line:
        raise TemplateError("the subject is empty")
    return line[:_LONGEST_SUBJECT]


def _require(template: Template, rendered: Rendered, link: str, name: str) -> None:
    for part, content in (("HTML", rendered.html), ("text", rendered.text)):
        if link not in content:
            raise TemplateError(f"{template.name}: no {name} in the {part} part")
