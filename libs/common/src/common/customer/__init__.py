"""The customer view and its pure folds, shared by segments and journeys."""

from common.customer.activities import ACTIVITY
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
from common.customer.vocabulary import CUSTOMER, PUBLISHED_ROOTS, ROOTS, roots_of

__all__ = [
    "ACTIVITY",
    "CUSTOMER",
    "PUBLISHED_ROOTS",
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
    "roots_of",
    "unite",
]
