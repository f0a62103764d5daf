"""The cart as the fold over its operations, whatever order they arrived in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from common.contracts.actions import CartItem
from common.contracts.profiles import ActivityRecorded
from common.customer import properties as read
from common.customer.view import (
    CART_LIFETIME,
    MAX_LINES,
    MAX_OPERATIONS,
    MAX_QUANTITY,
    Cart,
    CartOperation,
    Change,
)

CHANGES = {
    "Product Added": Change.ADD,
    "Product Removed": Change.REMOVE,
    "Cart Viewed": Change.REPLACE,
    "Order Completed": Change.ORDER,
}


def operation_of(activity: ActivityRecorded) -> CartOperation | None:
    """What the activity does to the cart; None where it does nothing or cannot be read."""
    change = CHANGES.get(activity.name)
    if change is None:
        return None
    lines = _lines(change, activity)
    if lines is None:
        return None
    return CartOperation(
        # Never later than it was received: an order dated 2099 would empty every cart until then.
        at=min(activity.occurred_at, activity.received_at),
        event_id=activity.event_id,
        change=change,
        lines=lines,
        cart_id=read.identifier(activity.properties.get("cart_id")),
    )


def _lines(change: Change, activity: ActivityRecorded) -> tuple[CartItem, ...] | None:
    if change is Change.ORDER:
        return ()
    several = read.lines(activity.properties)
    if change is Change.REPLACE:
        return several
    single = read.line(activity.properties, None)
    return (single,) if single is not None else several or None


def remember(
    operations: tuple[CartOperation, ...], operation: CartOperation
) -> tuple[CartOperation, ...]:
    """Sort the operation in, once; what can have no effect any more is forgotten.

    What is kept depends on the set of operations alone, not on the order in which they came: the newest 200,
    of these none before the last order.
    """
    if operations and operation.place <= operations[-1].place:
        by_place = {known.place: known for known in operations}
        by_place.setdefault(operation.place, operation)
        newest = [by_place[place] for place in sorted(by_place)][-MAX_OPERATIONS:]
    else:
        newest = [*operations, operation][-MAX_OPERATIONS:]
    return _effective(newest)


def united(
    ours: tuple[CartOperation, ...], theirs: tuple[CartOperation, ...]
) -> tuple[CartOperation, ...]:
    """The operations of two customers who are one; each counts once."""
    by_place = {operation.place: operation for operation in (*theirs, *ours)}
    return _effective([by_place[place] for place in sorted(by_place)][-MAX_OPERATIONS:])


def _effective(newest: list[CartOperation]) -> tuple[CartOperation, ...]:
    ordered = max((i for i, known in enumerate(newest) if known.change is Change.ORDER), default=0)
    return tuple(_without_dead_details(newest[ordered:]))


def _without_dead_details(operations: list[CartOperation]) -> Iterable[CartOperation]:
    """Drop names, prices and addresses that a later operation of the same product overrides: they are the bulk."""
    overridden: set[str] = set()
    slim: list[CartOperation] = []
    for operation in reversed(operations):
        described = [line for line in operation.lines if _described(line)]
        silent = operation.change is Change.REMOVE
        if any(silent or line.product_id in overridden for line in described):
            lines = operation.lines
            bare = (_bare(ln) if silent or ln.product_id in overridden else ln for ln in lines)
            slim.append(replace(operation, lines=tuple(bare)))
        else:
            slim.append(operation)
        if not silent:
            overridden.update(line.product_id for line in described)
    return reversed(slim)


def _bare(line: CartItem) -> CartItem:
    return CartItem(product_id=line.product_id, quantity=line.quantity)


def _described(line: CartItem) -> bool:
    # A price of nothing still is a price.
    return bool(line.name or line.url or line.picture) or line.price is not None


@dataclass(slots=True)
class _Filling:
    """A cart while it is being folded."""

    id: str = ""
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    lines: dict[str, CartItem] = field(default_factory=dict)

    def take(self, operation: CartOperation) -> None:
        if expired(self.opened_at, operation.at):
            self.close()
        if self._change(operation):
            self.updated_at = operation.at
        if not self.lines:
            self.close()
        elif self.opened_at is None:
            self.id = operation.cart_id or str(operation.event_id)
            self.opened_at = operation.at

    def close(self) -> None:
        self.id, self.opened_at, self.updated_at = "", None, None
        self.lines = {}

    def _change(self, operation: CartOperation) -> bool:
        """Apply it; whether that had an effect."""
        if operation.change in {Change.ADD, Change.REMOVE}:
            one = self._add if operation.change is Change.ADD else self._remove
            effects = [one(line) for line in operation.lines]
            return True in effects
        before = self.lines
        self.lines = {}
        for line in operation.lines:
            self._add(line)
        return self.lines != before

    def _add(self, line: CartItem) -> bool:
        known = self.lines.get(line.product_id)
        if known is None:
            if len(self.lines) >= MAX_LINES:
                return False
            self.lines[line.product_id] = line
            return True
        quantity = min(known.quantity + line.quantity, MAX_QUANTITY)
        self.lines[line.product_id] = replace(
            line if _described(line) else known, quantity=quantity
        )
        return True

    def _remove(self, line: CartItem) -> bool:
        known = self.lines.get(line.product_id)
        if known is None:
            return False
        if known.quantity > line.quantity:
            self.lines[line.product_id] = replace(known, quantity=known.quantity - line.quantity)
        else:
            del self.lines[line.product_id]
        return True


def cart_of(operations: Iterable[CartOperation]) -> Cart:
    """The cart after these operations, given in their order."""
    filling = _Filling()
    for operation in operations:
        filling.take(operation)
    return Cart(
        id=filling.id,
        items=tuple(filling.lines.values()),
        opened_at=filling.opened_at,
        updated_at=filling.updated_at,
    )


def expired(opened_at: datetime | None, now: datetime) -> bool:
    """Whether a cart opened then is no longer alive."""
    return opened_at is not None and now >= opened_at + CART_LIFETIME
