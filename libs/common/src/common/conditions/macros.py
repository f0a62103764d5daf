"""The macros that look at each element of a list or each key of a map."""

from __future__ import annotations

from dataclasses import dataclass

from common.conditions.access import Emit
from common.conditions.emitted import Emitted, call, function
from common.conditions.lexer import Place
from common.conditions.narrowing import NOTHING, present_where
from common.conditions.scope import MAX_NESTED_MACROS, Scope
from common.conditions.syntax import Call, Name, Node
from common.conditions.types import BOOL, DYN, ListOf, MapOf, Type


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro: the operation it becomes, and what of its arguments is a condition."""

    operation: str
    tests: bool = True
    """Whether its first expression is a condition."""
    says: str = ""


MACROS = {
    "exists": Macro("exists", says="whether one element passes"),
    "all": Macro("every", says="whether all elements pass"),
    "exists_one": Macro("exists_one", says="whether exactly one element passes"),
    "filter": Macro("kept", says="the elements that pass"),
    "map": Macro(
        "mapped", tests=False, says="what becomes of each element; `map(i, test, …)` takes some"
    ),
}


def expanded(node: Call, operand: Node, emit: Emit, scope: Scope) -> Emitted:
    """Emit a macro.

    Raises:
        ConditionError: it has other arguments than it takes, or stands too deep in others.
    """
    macro = MACROS[node.function]
    variable, bodies = _arguments(node, macro)
    elements = emit(operand).present(node.place)
    element = _element(elements.type, node)
    if scope.macros == MAX_NESTED_MACROS:
        # Each level multiplies the work by the length of a list.
        raise node.place.error(f"more than {MAX_NESTED_MACROS} macros in one another")
    with scope.naming(variable, element) as python:
        found, facts = [], NOTHING
        for position, body in enumerate(bodies):
            with scope.knowing(facts):
                made = emit(body)
            if macro.tests or position < len(bodies) - 1:
                need_bool(made, f"`{node.function}` needs a condition", body.place)
                facts = present_where(body, holds=True)
            found.append(made)
    operation = "kept_and_mapped" if len(bodies) == 2 else macro.operation
    code = call(operation, elements.code, *(function(made.code, python) for made in found))
    return Emitted(code, _result(node.function, element, found[-1]), fails=True)


def _arguments(node: Call, macro: Macro) -> tuple[str, tuple[Node, ...]]:
    variable, *bodies = node.arguments or (None,)
    several = len(bodies) == 2 and not macro.tests
    if not isinstance(variable, Name) or not (len(bodies) == 1 or several):
        example = "i.quantity > 1" if macro.tests else "i.quantity"
        raise node.place.error(
            f"`{node.function}` takes a name and {'a condition' if macro.tests else 'a value'},"
            f" such as items.{node.function}(i, {example})"
        )
    return variable.name, tuple(bodies)


def _element(type_: Type, node: Call) -> Type:
    match type_:
        case ListOf():
            return type_.element
        case MapOf():
            return type_.key
        case _ if type_ == DYN:
            return DYN
        case _:
            raise node.place.error(f"`{node.function}` is not defined for {type_.name}")


def _result(macro: str, element: Type, body: Emitted) -> Type:
    if macro == "filter":
        return ListOf(element)
    if macro == "map":
        return ListOf(DYN if body.nullable else body.type)
    return BOOL


def need_bool(emitted: Emitted, message: str, place: Place) -> None:
    if emitted.type not in {BOOL, DYN}:
        raise place.error(f"{message}, not {emitted.type.name}")
    emitted.present(place)
