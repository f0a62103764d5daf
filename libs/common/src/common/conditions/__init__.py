"""Conditions: a typed subset of CEL, compiled to Python functions; `docs/conditions.md` says what is in it.

As in CEL, an operation without a value (a missing key, a division by zero) is an error that `&&` and `||` absorb where
the other side decides; a condition that ends in one does not hold. Beyond CEL: int and double may be compared, numbers
of events may be mixed in arithmetic (JSON does not tell 1 from 1.0), and durations know `d`.
"""

from common.conditions.compiled import (
    Condition,
    Expression,
    compile_condition,
    compile_expression,
    required_fields,
)
from common.conditions.errors import ConditionError, EvaluationError
from common.conditions.reading import Reads
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    NUMBER,
    STRING,
    TIMESTAMP,
    Field,
    ListOf,
    MapOf,
    ObjectOf,
    Type,
)

__all__ = [
    "BOOL",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "NULL",
    "NUMBER",
    "STRING",
    "TIMESTAMP",
    "Condition",
    "ConditionError",
    "EvaluationError",
    "Expression",
    "Field",
    "ListOf",
    "MapOf",
    "ObjectOf",
    "Reads",
    "Type",
    "compile_condition",
    "compile_expression",
    "required_fields",
]
