"""The customer view and its pure folds, shared by segments and journeys."""

from common.customer.fold import apply, at
from common.customer.union import unite
from common.customer.view import (
    Cart,
    CartOperation,
    Change,
    ConsentStanding,
    Customer,
    Orders,
    RecentOrder,
)
from common.customer.vocabulary import ACTIVITY, CUSTOMER, ROOTS

__all__ = [
    "ACTIVITY",
    "CUSTOMER",
    "ROOTS",
    "Cart",
    "CartOperation",
    "Change",
    "ConsentStanding",
    "Customer",
    "Orders",
    "RecentOrder",
    "apply",
    "at",
    "unite",
]
