"""Puts every test into its tier, the quick ones first, and says at the end what each tier took of its budget."""

from __future__ import annotations

from collections import defaultdict

import hypothesis
import pytest

# Seconds on two cores, downloads apart; None: run on its own, without a budget. Together less than the 20 minutes that
# `make test` may take with its lint; each is little above what two quiet cores took.
BUDGETS: dict[str, int | None] = {
    "unit": 260,
    "integration": 360,
    "chain": 540,
    "long": None,
    "fault": None,
}
# How long an example takes says how busy the machine is, nothing of what is tested. What `make test` says is said of the same
# examples every time; `make test-long` searches further with others (`--hypothesis-profile search`).
_HURRIES_NOBODY = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "cuestream", deadline=None, derandomize=True, suppress_health_check=_HURRIES_NOBODY
)
hypothesis.settings.register_profile(
    "search", deadline=None, print_blob=True, suppress_health_check=_HURRIES_NOBODY
)
hypothesis.settings.load_profile("cuestream")
_FOLDERS = {"unit": "unit", "integration": "integration", "e2e": "chain", "fault": "fault"}
_spent: defaultdict[str, float] = defaultdict(float)
_tiers: dict[str, str] = {}


def tier_of(item: pytest.Item) -> str:
    """The marker it carries, else what its folder says, else unit; the heaviest marker counts."""
    marked = [tier for tier in BUDGETS if item.get_closest_marker(tier)]
    if marked:
        return marked[-1]
    # Below the project only: the folder in which somebody has cloned it may have any name.
    folders = item.path.relative_to(item.config.rootpath).parent.parts
    return next((_FOLDERS[name] for name in reversed(folders) if name in _FOLDERS), "unit")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = list(BUDGETS)
    for item in items:
        _tiers[item.nodeid] = tier = tier_of(item)
        item.add_marker(tier)
    items.sort(key=lambda item: order.index(_tiers[item.nodeid]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _spent[_tiers[report.nodeid]] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    spent = {tier: seconds for tier, seconds in _spent.items() if seconds >= 1}
    if spent:
        terminalreporter.section("time by tier")
    for tier, seconds in spent.items():
        budget = BUDGETS[tier]
        note = "" if budget is None else f" of {budget} s"
        over = "  OVER BUDGET" if budget is not None and seconds > budget else ""
        terminalreporter.line(f"{tier:12} {seconds:6.0f} s{note}{over}")
