"""Which cases are about something that conditions do not have, and why they do not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tests.conformance.cases import Case

FILES: Mapping[str, str] = {
    "bindings_ext": "an extension: cel.bind",
    "block_ext": "an extension: cel.block",
    "encoders_ext": "an extension: base64",
    "math_ext": "an extension: math",
    "network_ext": "an extension: addresses of networks",
    "string_ext": "an extension: more about text",
    "optionals": "an extension: optional values",
    "proto2": "messages of Protocol Buffers",
    "proto2_ext": "messages of Protocol Buffers",
    "proto3": "messages of Protocol Buffers",
    "enums": "messages of Protocol Buffers",
    "wrappers": "messages of Protocol Buffers",
    "unknowns": "partial evaluation",
    "macros2": "an extension: macros with two variables",
}
_IN_EXPRESSION: Mapping[str, str] = {
    r"TestAllTypes|google\.protobuf|NestedEnum|GlobalEnum|\bValue\{": "messages of Protocol Buffers",
    r"\b(?:0x[0-9a-fA-F]+|\d+)[uU]\b|\buint\b": "unsigned numbers",
    r"(?<![\w\\'\"])(?:[bB][rR]?|[rR][bB])[\"']|\bbytes\b": "bytes",
    r"\btype\(": "types as values",
    r"optional\.|\.\?|\[\?": "optional values",
}
_AROUND: Mapping[str, str] = {
    r"TestAllTypes|messageType|enumValue": "messages of Protocol Buffers",
    r"uint64Value|UINT64": "unsigned numbers",
    r"bytesValue|BYTES": "bytes",
    r"typeValue|abstractType": "types as values",
    r'"disableMacros": true': "macros that are switched off",
    r'"disableCheck": true': "types that are not checked: ours always are",
    r'"function": \{': "functions declared by who embeds CEL",
}
_WORDS = ("expr", "description", "name")
_ONE_KIND = "the keys of a map are of one kind, as JSON's are"
_EXACT = "a whole number and a decimal one are compared exactly, not after rounding"
_MICROSECONDS = "an instant is known to the microsecond"
_NAMESPACES = "names have no namespaces"
CASES: Mapping[str, str] = {
    "comparisons/eq_literal/eq_map_value_mixed_types": _ONE_KIND,
    "macros/exists/map_key_type_shortcircuit": _ONE_KIND,
    "macros/exists/map_key_type_exhaustive": _ONE_KIND,
    "comparisons/lt_literal/not_lt_dyn_int_big_lossy_double": _EXACT,
    "comparisons/gt_literal/not_gt_dyn_big_double_int": _EXACT,
    "comparisons/lte_literal/lte_dyn_big_double_int": _EXACT,
    "comparisons/gte_literal/gte_dyn_int_big_lossy_double": _EXACT,
    "fields/qualified_identifier_resolution/qualified_ident": _NAMESPACES,
    "namespace/qualified/self_eval_qualified_lookup": _NAMESPACES,
    "fields/qualified_identifier_resolution/map_field_select": _NAMESPACES,
    "fields/qualified_identifier_resolution/ident_with_longest_prefix_check": _NAMESPACES,
    "namespace/namespace/self_eval_container_lookup": _NAMESPACES,
    "timestamps/timestamp_conversions/toString_timestamp_nanos": _MICROSECONDS,
    "timestamps/timestamp_range/add_duration_nanos_over": _MICROSECONDS,
    "timestamps/timestamp_range/add_duration_nanos_under": _MICROSECONDS,
}


def reason(case: Case) -> str | None:
    """Why the case is out; None: it is in the subset."""
    file = case.name.split("/")[0]
    if file in FILES:
        return FILES[file]
    around = json.dumps({key: part for key, part in case.said.items() if key not in _WORDS})
    for text, marks in ((case.expression, _IN_EXPRESSION), (around, _AROUND)):
        for mark, why in marks.items():
            if re.search(mark, text):
                return why
    return CASES.get(case.name)
