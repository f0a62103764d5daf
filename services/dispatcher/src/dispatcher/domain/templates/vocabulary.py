"""The words that a template may use; what is not among them would fail at the moment of sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from liquid import BoundTemplate

VALUES: Mapping[str, frozenset[str] | None] = {
    "customer": frozenset({"first_name", "last_name"}),
    "cart": frozenset({"items"}),
    "links": frozenset({"unsubscribe", "preferences", "view", "confirm"}),
    "brand": None,
    "trigger": frozenset({"name", "occurred_at", "properties"}),
    "vars": None,
    "parameters": None,
}
"""What a rendering gives, and the names in it; None: a workspace may add its own, or the playbook says."""
_OF_EVERYTHING = frozenset({"size", "first", "last"})


def unknown_words(template: BoundTemplate) -> Iterator[tuple[int, str]]:
    """Each word that means nothing here: where it stands in the source, and what is wrong with it."""
    analysis = template.analyze()
    for name, places in analysis.filters.items():
        if name not in template.env.filters:
            yield places[0].index, f"there is no filter `{name}`"
    for name, uses in analysis.globals.items():
        for use in uses:
            if name not in VALUES:
                yield use.span.index, f"there is no `{name}`"
                continue
            known, second = VALUES[name], use.segments[1:2]
            if known is None or not second or not isinstance(second[0], str):
                continue
            if second[0] not in known | _OF_EVERYTHING:
                yield use.span.index, f"there is no `{name}.{second[0]}`"
