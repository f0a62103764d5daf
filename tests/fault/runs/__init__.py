"""Runs on real processes: a workload, faults beside it, and at the end the history of it all."""

from tests.fault.runs.running import SITE, Fault, Recorded, Site, run

__all__ = ["SITE", "Fault", "Recorded", "Site", "run"]
