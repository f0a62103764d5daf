"""A TCP proxy between the parts of a local stack, which cuts, refuses, holds and delays: for tests of faults."""

from __future__ import annotations

from cuestream.stack.proxy.callers import PROCESS
from cuestream.stack.proxy.control import Links
from cuestream.stack.proxy.faults import Delay, Fault, LinkState, Route

__all__ = ["PROCESS", "Delay", "Fault", "LinkState", "Links", "Route"]
