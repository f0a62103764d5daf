"""Hand-written YAML: every value remembers where it stands, so that an error names file, line and column."""

from common.documents.durations import format_duration, parse_duration
from common.documents.findings import DocumentError, Finding, Report
from common.documents.parsing import parse_document, scalar
from common.documents.value import Fields, Value, did_you_mean

__all__ = [
    "DocumentError",
    "Fields",
    "Finding",
    "Report",
    "Value",
    "did_you_mean",
    "format_duration",
    "parse_document",
    "parse_duration",
    "scalar",
]
