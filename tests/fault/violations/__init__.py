"""Falsified histories: for each invariant, ways to break it that the checker has to see."""

from tests.fault.violations.catalogue import VIOLATIONS, Violation
from tests.fault.violations.forging import copied

__all__ = ["VIOLATIONS", "Violation", "copied"]
