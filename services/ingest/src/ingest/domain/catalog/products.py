"""The catalog: what is said of products, by whom and in whatever order, as one product each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.contracts.catalog import ProductChanged
from common.contracts.payload import Money
from ingest.domain.catalog.availability import available
from ingest.domain.catalog.naming import DELETED, event_name
from ingest.domain.catalog.state import Product, Said, Value
from ingest.domain.currencies import places_of
from ingest.domain.identifiers import text_of
from ingest.domain.segment.scrubbing import scrub

UNNAMED = "XXX"
"""ISO 4217 for an amount whose currency nobody said."""
_LONGEST = 500
_GONE = "gone"
_MOST = 10**15


def tell(product: Product, event: str, properties: Mapping[str, Any], at: datetime) -> Product:
    """The product after one more event; the same product if that says nothing new.

    Of the same version if it only says again, later, what was known: nobody else is told of that.

    Raises:
        PermanentError: `unknown_availability`.
    """
    found: dict[str, Value] = {_GONE: event_name(event) == DELETED}
    if not found[_GONE]:
        properties = {**properties, "available": available(properties)}
        for name, form in _FORMS.items():
            value = form(properties.get(name))
            if value is not None:
                found[name] = value
    told = {name: Said(value, at) for name, value in found.items()}
    new = {name: said for name, said in told.items() if said.outweighs(product.said.get(name))}
    if not new:
        return product
    changed = any(
        name not in product.said or said.value != product.said[name].value
        for name, said in new.items()
    )
    return Product(version=product.version + changed, said={**product.said, **new})


def shown(product_id: str, product: Product) -> ProductChanged | None:
    """As others see it; None where it is gone."""
    said = {name: one.value for name, one in product.said.items()}
    if not said or said.get(_GONE):
        return None
    currency = str(said.get("currency", UNNAMED))
    return ProductChanged(
        product_id=product_id,
        version=product.version,
        changed_at=max(one.at for one in product.said.values()),
        name=_as_text(said.get("name")),
        price=_money(said.get("price"), currency),
        margin=_money(_margin(said), currency),
        stock=_as_number(said.get("stock")),
        available=_as_flag(said.get("available")),
        category=_as_text(said.get("category")),
        brand=_as_text(said.get("brand")),
        sku=_as_text(said.get("sku")),
        url=_as_text(said.get("url")),
        picture=_as_text(said.get("image_url")),
    )


def _margin(said: Mapping[str, Value]) -> Value | None:
    """As it was said, else what is left of the price after the cost."""
    if "margin" in said or "price" not in said or "cost" not in said:
        return said.get("margin")
    return str(Decimal(str(said["price"])) - Decimal(str(said["cost"])))


def _money(amount: Value | None, currency: str) -> Money | None:
    if amount is None:
        return None
    return Money(round(Decimal(str(amount)).scaleb(places_of(currency))), currency)


def _as_text(value: Value | None) -> str | None:
    return None if value is None else str(value)


def _as_number(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None


def _as_flag(value: Value | None) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    text = text_of(value)
    return (
        None if text is None else scrub(" ".join(text[:_LONGEST].replace("\0", "").split())) or None
    )


def _address(value: object) -> str | None:
    text = _text(value)
    return text if text is not None and text.startswith(("https://", "http://")) else None


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value if not isinstance(value, str) else value[:40])
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < _MOST else None


def _price(value: object) -> float | None:
    number = _amount(value)
    return number if number is not None and number >= 0 else None


def _count(value: object) -> int | None:
    number = _amount(value)
    return None if number is None else int(number)


def _currency(value: object) -> str | None:
    text = value.upper() if isinstance(value, str) else ""
    return text if len(text) == 3 and text.isascii() and text.isalpha() else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_FORMS: Mapping[str, Callable[[object], Value | None]] = {
    "name": _text,
    "category": _text,
    "brand": _text,
    "sku": _text,
    "url": _address,
    "image_url": _address,
    "currency": _currency,
    "price": _price,
    "cost": _price,
    "margin": _amount,
    "stock": _count,
    "available": _flag,
}
