"""Reading properties from the wild: what is odd is coerced or ignored, by these rules, and never raises.

* product_id: text or a whole number, else `sku`, else the line is ignored; at most 200 characters.
* quantity: a whole number, also as text or as 2.0; missing or unreadable is 1; zero and less make the line ignored;
  at most 9,999.
* price: a number ≥ 0, also as plain decimal text; needs a `currency` of three letters (the line's, else the event's),
  otherwise there is no price. Rounded half up to the currency's minor unit.
* name: text, cut at 200 characters. url, image_url: absolute http(s) addresses of at most 1,024 characters, else none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from common.contracts import Money
from common.contracts.actions import CartItem
from common.customer.view import MAX_LINES, MAX_QUANTITY

MAX_TEXT = 200
MAX_URL = 1_024
MAX_PRICE = Decimal(10) ** 12
# ISO 4217: minor units of every currency that does not have two.
_NONE = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI")
_NONE_TOO = ("VND", "VUV", "XAF", "XOF", "XPF")
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
EXPONENTS = {
    **dict.fromkeys((*_NONE, *_NONE_TOO), 0),
    **dict.fromkeys(_THREE, 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_PLAIN_DECIMAL = re.compile(r"\s*[+-]?[0-9]{1,30}(\.[0-9]{1,30})?\s*", re.ASCII)


def identifier(value: object) -> str:
    """An id as text; empty where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**40 else ""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    return text if len(text) <= MAX_TEXT else ""


def number(value: object) -> Decimal | None:
    """A finite number, also where it was sent as plain decimal text."""
    if isinstance(value, str):
        return Decimal(value.strip()) if _PLAIN_DECIMAL.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Beyond these no property means anything, and the digits of a huge integer are expensive.
    return Decimal(repr(value)) if -1e30 < value < 1e30 else None


def quantity(value: object) -> int | None:
    """How many; None where the line means nothing."""
    found = number(value)
    if found is None or found != found.to_integral_value():
        return 1
    return min(int(found), MAX_QUANTITY) if found > 0 else None


def money(value: object, currency: object) -> Money | None:
    """A price in minor units; None where amount or currency cannot be read."""
    amount = number(value)
    if amount is None or not isinstance(currency, str) or not 0 <= amount <= MAX_PRICE:
        return None
    code = currency.strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        return None
    minor = amount.scaleb(EXPONENTS.get(code, 2)).to_integral_value(ROUND_HALF_UP)
    return Money(int(minor), code)


def major(price: Money | None) -> float | None:
    """The amount as shops send it, in whole units of the currency."""
    if price is None:
        return None
    return float(Decimal(price.amount).scaleb(-EXPONENTS.get(price.currency, 2)))


def text(value: object) -> str:
    return value.strip()[:MAX_TEXT] if isinstance(value, str) else ""


def url(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_URL:
        return None
    address = value.strip()
    return address if address.lower().startswith(("https://", "http://")) else None


def line(product: Mapping[str, Any], currency: object) -> CartItem | None:
    """One product of a cart; None where it has no id or no sensible quantity."""
    product_id = identifier(product.get("product_id")) or identifier(product.get("sku"))
    count = quantity(product.get("quantity"))
    if not product_id or count is None:
        return None
    return CartItem(
        product_id=product_id,
        name=text(product.get("name")),
        quantity=count,
        price=money(product.get("price"), product.get("currency", currency)),
        url=url(product.get("url")),
        picture=url(product.get("image_url")),
    )


def lines(properties: Mapping[str, Any]) -> tuple[CartItem, ...] | None:
    """The readable products of a `products` list; None where there is no such list or nothing in it is readable."""
    products = properties.get("products")
    if not isinstance(products, list):
        return None
    currency = properties.get("currency")
    found = [line(product, currency) for product in products if isinstance(product, dict)]
    readable = tuple(item for item in found if item is not None)[:MAX_LINES]
    return readable if readable or not products else None
