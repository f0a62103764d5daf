"""Playbooks tried out in virtual time: the folds that run in production, one customer, no log and no database."""

from cuestream.rehearsal.checking import check, draw
from cuestream.rehearsal.coverage import Coverage, coverage_of
from cuestream.rehearsal.expecting import Expected
from cuestream.rehearsal.life import Life
from cuestream.rehearsal.playing import Outcome, play
from cuestream.rehearsal.reporting import Report, rehearse
from cuestream.rehearsal.scenario import Moment, Scenario, read_scenarios

__all__ = [
    "Coverage",
    "Expected",
    "Life",
    "Moment",
    "Outcome",
    "Report",
    "Scenario",
    "check",
    "coverage_of",
    "draw",
    "play",
    "read_scenarios",
    "rehearse",
]
