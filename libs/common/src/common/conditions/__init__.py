"""Conditions: a typed subset of CEL, compiled to Python functions.

Literals (int, double, string, bool, null, list), declared fields, `[]`, comparison, `&& || !`, arithmetic, `in`, `? :`,
`size() int() double() string() duration() has()`, `contains() startsWith() endsWith()`, `exists() all()`. As in CEL, an
operation without a value (a missing property, null > 1) is an error that `&&` and `||` absorb where the other side
decides. Beyond CEL: int and double may be compared, dynamic numbers may be mixed in arithmetic (JSON does not tell
1 from 1.0), and durations know `d`.
"""

from common.conditions.compiled import (
    Condition,
    Expression,
    compile_condition,
    compile_expression,
)
from common.conditions.errors import ConditionError, EvaluationError
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
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
    "Type",
    "compile_condition",
    "compile_expression",
]
