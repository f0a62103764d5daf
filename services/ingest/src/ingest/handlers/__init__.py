"""The folds of resolve: whose event it is, what it teaches, and what others are told."""

from ingest.handlers.noted import fold_confirmation, fold_snapshot, fold_withdrawal
from ingest.handlers.received import Plan, Touched, fold_received, prepare, touched

__all__ = [
    "Plan",
    "Touched",
    "fold_confirmation",
    "fold_received",
    "fold_snapshot",
    "fold_withdrawal",
    "prepare",
    "touched",
]
