"""Every metric is in docs/operations.md with what to do about it, and what is named there exists."""

from __future__ import annotations

import ast
import re

from docs.generator import metrics
from tests.architecture.tree import ROOT, File, modules

KINDS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
PAGE = (ROOT / "docs/operations.md").read_text()


def makers(file: File) -> bool:
    """Whether a module makes metrics of its own."""
    imported = {
        alias.name
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "prometheus_client"
        for alias in node.names
    }
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in KINDS & imported
        for node in ast.walk(file.tree)
    )


def module_of(file: File) -> str:
    return file.name.partition("/src/")[2].removesuffix(".py").replace("/", ".")


def test_metrics_are_made_where_the_page_looks_for_them() -> None:
    made = {module_of(file) for file in modules() if not file.is_test and makers(file)}

    assert made - {""} == set(metrics.MODULES)


def test_a_metric_made_elsewhere_is_seen() -> None:
    text = '"""X."""\nfrom prometheus_client import Gauge\nX = Gauge("x", "y")\n'

    assert makers(File("services/x/src/x/y.py", text))
    assert not makers(File("x.py", '"""X."""\nfrom collections import Counter\nX = Counter()\n'))


def test_every_metric_says_when_it_is_an_alarm() -> None:
    assert {metric._name for metric in metrics.found()} == metrics.WATCHES.keys()


def test_every_metric_named_on_the_page_exists() -> None:
    known = {metrics.exposed(metric) for metric in metrics.found()}
    plain = {name.removesuffix("_total") for name in known}
    named = set(re.findall(r"\bcuestream_[a-z_]+", PAGE))

    assert named - known - plain == set()
    assert known - named == set()


def test_what_to_do_is_on_the_page() -> None:
    titles = re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)
    there = {title.lower().replace(" ", "-") for title in titles}

    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) - there == set()
