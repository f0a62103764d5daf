"""Sentences for what a person did and what became known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    LeadScoreCrossed,
    LeadScored,
    ProfileMerged,
    TraitsChanged,
)
from orchestrator.api.words import phrases
from orchestrator.api.words.line import Line

_LATE = timedelta(minutes=1)
"""A client that sends later than this after the fact is worth a remark."""


def activity(payload: ActivityRecorded, at: datetime) -> Line:
    say = _SENTENCES.get(payload.name, payload.name)
    text = say if isinstance(say, str) else say(payload.properties)
    if payload.name == "Page Viewed" and payload.context.page_path:
        text = f"Visited {payload.context.page_path}"
    if at - payload.occurred_at > _LATE:
        text += f" (reached us {phrases.length(at - payload.occurred_at)} after the fact)"
    return Line(text)


def traits(payload: TraitsChanged) -> Line:
    known = [
        text
        for text in (
            payload.locale and f"locale {payload.locale}",
            payload.time_zone and f"time zone {payload.time_zone}",
            payload.country and f"country {payload.country}",
            payload.reachable
            and f"reachable by {phrases.listed([phrases.channel(c) for c in payload.reachable])}",
        )
        if text
    ]
    return Line(
        f"Now known: {phrases.listed(known)}" if known else "Nothing is known of them any more"
    )


def merged(payload: ProfileMerged) -> Line:
    return Line(
        f"Turned out to be one person: profile {payload.loser} was one with {payload.winner},"
        " where all goes on"
    )


def consent(payload: ConsentChanged) -> Line:
    what = f"{phrases.plain(payload.purpose)} by {phrases.channel(payload.channel)}"
    if payload.purpose == "*":
        what = f"anything by {phrases.channel(payload.channel)}"
    if payload.granted:
        return Line(f"Agreed to {what}", "good")
    return Line(f"Said no to {what}", "no")


def lead_scored(payload: LeadScored) -> Line:
    before = payload.previous_score
    text = (
        f"Lead score {payload.score}"
        if before is None
        else f"Lead score {before} → {payload.score}"
    )
    text += f", grade {payload.grade}"
    top = sorted(payload.reasons, key=lambda reason: -abs(reason.points))[:2]
    if top:
        text += f", mostly for {phrases.listed([_counted(r.kind, r.count) for r in top])}"
    return Line(text, "good" if before is not None and payload.score > before else "plain")


def lead_score_crossed(payload: LeadScoreCrossed) -> Line:
    moved = "rose above" if payload.direction == "up" else "fell below"
    return Line(
        f"Lead score {moved} “{phrases.plain(payload.name)}” ({payload.threshold}), now {payload.score}",
        "good" if payload.direction == "up" else "plain",
    )


def _counted(kind: str, count: int) -> str:
    return kind if count == 1 else f"{count} × {kind}"


def _product(properties: Mapping[str, Any]) -> str:
    name = properties.get("name") or properties.get("product_id")
    return f"“{name}”" if name else "a product"


def _added(properties: Mapping[str, Any]) -> str:
    quantity = properties.get("quantity")
    times = f"{quantity} × " if isinstance(quantity, int) and quantity > 1 else ""
    return f"Put {times}{_product(properties)} into the cart"


def _ordered(properties: Mapping[str, Any]) -> str:
    amount = _amount(properties)
    return f"Ordered for {amount}" if amount else "Ordered"


def _amount(properties: Mapping[str, Any]) -> str | None:
    for name in ("total", "revenue", "value"):
        value = properties.get(name)
        if isinstance(value, Mapping) and isinstance(value.get("amount"), int):
            return phrases.money(value["amount"], str(value.get("currency", "")))
        if isinstance(value, int | float):
            return f"{value:.2f} {properties.get('currency', '')}".rstrip()
    return None


_SENTENCES: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "Products Searched": "Searched the shop",
    "Product List Viewed": "Looked at a list of products",
    "Product Viewed": lambda p: f"Looked at {_product(p)}",
    "Product Clicked": lambda p: f"Clicked on {_product(p)}",
    "Product Added": _added,
    "Product Removed": lambda p: f"Took {_product(p)} out of the cart",
    "Product Added to Wishlist": lambda p: f"Put {_product(p)} on the wish list",
    "Product Reviewed": lambda p: f"Reviewed {_product(p)}",
    "Cart Viewed": "Looked at the cart",
    "Checkout Started": "Began the checkout",
    "Payment Info Entered": "Entered payment details",
    "Order Completed": _ordered,
    "Order Refunded": "Got an order refunded",
    "Order Cancelled": "Cancelled an order",
    "Page Viewed": "Visited a page",
    "Screen Viewed": "Opened a screen of the app",
}
