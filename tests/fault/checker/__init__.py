"""The history checker: pure functions that find in what a run left behind whether every invariant held."""

from tests.fault.checker.checking import check, check_on_two_cores
from tests.fault.checker.outcome import Told
from tests.fault.checker.replay import check_same_rows, check_silent
from tests.fault.checker.report import Finding, Report, table_of

__all__ = [
    "Finding",
    "Report",
    "Told",
    "check",
    "check_on_two_cores",
    "check_same_rows",
    "check_silent",
    "table_of",
]
