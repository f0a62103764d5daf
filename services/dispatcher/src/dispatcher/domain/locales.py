"""Which language a recipient is written to, and by whose habits numbers and dates are written."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError


def match_locale(wanted: str | None, offered: Sequence[str], order: Sequence[str]) -> str | None:
    """The offered locale nearest to the wanted one; else the first of `order` that is offered.

    `de-AT` takes `de-AT`, then `de`, then another `de-…`. None only where nothing is offered.
    """
    ranked = [loc for loc in order if loc in offered] + sorted(set(offered) - set(order))
    if wanted:
        name = _name(wanted)
        for fits in (
            lambda loc: _name(loc) == name,
            lambda loc: _name(loc) == _language(name),
            lambda loc: _language(_name(loc)) == _language(name),
        ):
            found = next(filter(fits, ranked), None)
            if found is not None:
                return found
    return ranked[0] if ranked else None


def habits(wanted: str | None, written: str) -> Locale:
    """How numbers and dates look: the recipient's own region where the language is theirs."""
    if wanted and _language(_name(wanted)) == _language(_name(written)):
        own = _parsed(wanted)
        if own is not None:
            return own
    return _parsed(written) or Locale("en")


def _name(locale: str) -> str:
    return locale.strip().replace("_", "-").lower()


def _language(name: str) -> str:
    return name.split("-", 1)[0]


def _parsed(locale: str) -> Locale | None:
    try:
        return Locale.parse(locale.strip().replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return None
