"""Liquid as marketers may use it: strict, limited, escaped, with money and dates of the reader's country."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision
from liquid import Environment, Mode, RenderContext, StrictUndefined
from liquid.exceptions import FilterArgumentError, LiquidError, UndefinedError
from liquid.filter import with_context
from liquid.undefined import FalsyStrictUndefined

from common.contracts import Money
from common.errors import PermanentError

_NO_TAGS = ("include", "render")  # a template is one file
_NO_FILTERS = (
    "safe",  # would undo the escaping
    "escapejs",
    "base64_decode",
    "base64_url_safe_decode",
)
_CURRENCY = re.compile("[A-Z]{3}")
LOCALE, ZONE = "_locale", "_zone"
"""Names under which the filters find the reader's habits; no template can spell a path to them."""


class TemplateError(PermanentError):
    """A template cannot be read, or not rendered for this recipient: nothing is sent."""

    def __init__(self, detail: str) -> None:
        super().__init__("template_error", detail)


class _Limited(Environment):
    loop_iteration_limit: ClassVar[int | None] = 2_000
    output_stream_limit: ClassVar[int | None] = 256 * 1024
    local_namespace_limit: ClassVar[int | None] = 64 * 1024
    context_depth_limit: ClassVar[int] = 10
    block_nesting_limit: ClassVar[int] = 10


def environment(*, escape: bool) -> Environment:
    """A Liquid environment: for HTML with escaping, for text and subjects without."""
    made = _Limited(tolerance=Mode.STRICT, undefined=StrictUndefined, autoescape=escape)
    for tag in _NO_TAGS:
        del made.tags[tag]
    for name in _NO_FILTERS:
        del made.filters[name]
    made.add_filter("money", _money)
    made.add_filter("date", _date)
    return made


def absent(name: str) -> FalsyStrictUndefined:
    """The value of something known that this recipient lacks: false in a condition, never printed."""
    return FalsyStrictUndefined(name, token=None)


@with_context
def _money(value: object, currency: object = None, *, context: RenderContext) -> str:
    """`{{ item.price | money }}`: an amount the way the reader's country writes it; of a number, `money: 'EUR'`."""
    if isinstance(value, Money):
        digits = get_currency_precision(value.currency)
        amount = Decimal(value.amount).scaleb(-digits)
        return format_currency(amount, value.currency, locale=_locale(context))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        raise FilterArgumentError("money expects an amount with its currency", token=None)
    return format_currency(Decimal(str(value)), currency, locale=_locale(context))


@with_context
def _date(value: object, form: str = "medium", *, context: RenderContext) -> str:
    """`{{ x | date }}`, `{{ x | date: 'long' }}` or a CLDR pattern such as `'d. MMMM'`."""
    zone = context.globals.get(ZONE)
    if isinstance(value, datetime):
        value = value.astimezone(zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")).date()
    if isinstance(value, str):
        value = _day(value)
    if not isinstance(value, date):
        raise FilterArgumentError("date expects an instant or a day", token=None)
    try:
        return format_date(value, form, locale=_locale(context))
    except (ValueError, AttributeError, KeyError) as error:
        raise FilterArgumentError(f"date does not know the form {form!r}", token=None) from error


def _day(text: str) -> date | None:
    """The day of a date or an instant as JSON has it."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _locale(context: RenderContext) -> Locale:
    locale = context.globals.get(LOCALE)
    return locale if isinstance(locale, Locale) else Locale("en")


__all__ = [
    "LOCALE",
    "ZONE",
    "LiquidError",
    "TemplateError",
    "UndefinedError",
    "absent",
    "environment",
]
