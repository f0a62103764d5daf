"""Whatever somebody does wrong in a playbook is found before it is published, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from common.configuration import Content, Release, content_of, load_playbooks
from cuestream.rehearsal import check

ROOT = Path(__file__).parents[2]
SHIPPED = load_playbooks(ROOT)
JOURNEY = "journey.yaml"
DE, EN = ("templates/{}.email.de.liquid", "templates/{}.email.en.liquid")
PLAN = """\
unknown_events: quarantine
events:
  Signed Up: {schema: {}}
  Order Completed: {schema: {}}
  Product Viewed: {schema: {}}
  Product List Viewed: {schema: {}}
"""


class Defect(NamedTuple):
    """An edit of a good playbook, and by which rule it is found."""

    playbook: str
    old: str
    new: str
    rule: str
    file: str = JOURNEY
    found_in: str = ""
    """Where it shows, if elsewhere than where the edit is."""
    plan: str = ""


CART, REVIEW, HELLO = "cart_abandonment", "product_review", "welcome"
OPT_IN, EVENT, BIRTHDAY, ORDER = "double_opt_in", "event_cycle", "birthday", "order_confirmation"
ASK_END = "  - wait: {for: $rest}\n  - exit: {reason: expired}\n"
DEFECTS = [
    # where it leads
    Defect(OPT_IN, "  - wait: {for: $rest}\n", "  - exit: {reason: enough}\n  - wait: {for: $rest}\n", "unreachable"),
    Defect(EVENT, "      otherwise:\n        - propose", "      otherwise:\n        - exit: {reason: gone}\n        - propose", "unreachable"),
    Defect(HELLO, "within: $pause\n", "within: $pause\n      otherwise: [{exit: {reason: a}}, {exit: {reason: b}}]\n", "unreachable"),
    Defect(OPT_IN, ASK_END, "  - id: again\n    propose: {message: ask, channels: [email], expires_after: 1d}\n  - goto: {step: again, at_most: 3}\n" + ASK_END, "circle"),
    Defect(ORDER, "steps:\n", "steps:\n  - {id: back, wait: {for: 0s}}\n  - goto: {step: back, at_most: 5}\n", "circle"),
    Defect(EVENT, "trigger.name == 'Event Changed'\n", "1 > 2\n", "dead_condition"),
    Defect(EVENT, "trigger.name == 'Event Changed'\n", "1 < 2\n", "dead_condition"),
    Defect(BIRTHDAY, "  - propose: {message: congratulations, channels: [email], expires_after: 15h}\n", "  - split: {a: {weight: 0, steps: [{propose: {message: congratulations, channels: [email], expires_after: 15h}}]}, b: {weight: 1}}\n", "dead_condition"),
    Defect(ORDER, "steps:\n", "steps:\n  - goto: {step: nowhere, at_most: 2}\n", "language"),
    Defect(ORDER, "steps:\n", "steps:\n  - goto: {step: '0'}\n", "language"),
    # what it begins with
    Defect(BIRTHDAY, 'trigger: {date: customer.birthday, every: year, offset: -$days_before, time: "09:00", leap: before}', "trigger: {enters: loyal}", "language"),
    Defect(ORDER, "steps:\n", "steps:\n  - call: {to: crm, data: {sum: customer.order.count}}\n", "language"),
    Defect(ORDER, "steps:\n", "steps:\n  - voucher: {pool: welcome, within: 0s}\n", "language"),
    Defect(ORDER, "steps:\n", "steps:\n  - audience: {}\n", "language"),
    # what it waits for
    Defect(HELLO, "      within: $pause\n", "", "language"),
    Defect(CART, "wait: {for: $silence,", "wait: {", "language"),
    Defect(CART, "default: 30m", "default: 3 Stunden", "language"),
    Defect(CART, "for: $silence", "for: 30", "language"),
    Defect(REVIEW, 'time: "10:00"', 'time: "25:00"', "language"),
    Defect(REVIEW, 'until: {time: "10:00"}', 'until: {time: "10:00", weekdays: [someday]}', "language"),
    Defect(EVENT, "offset: -$reminder", "offset: -$remainder", "language"),
    Defect(HELLO, "event: [Interests Stated, Product List Viewed", "event: [Order Completed, Product List Viewed", "waits_for_its_end"),
    Defect(CART, "restart_on: [Product Added, Product Removed", "restart_on: [Order Completed, Product Removed", "waits_for_its_end"),
    # events, fields, parameters that nobody knows
    Defect(CART, "event: [Product Added, Product Removed, Cart Viewed]", "event: [Product Aded, Product Removed, Cart Viewed]", "unknown_event"),
    Defect(CART, "{event: Order Completed}", "{event: Order Complete}", "unknown_event"),
    Defect(CART, "restart_on: [Product Added", "restart_on: [Produkt Added", "unknown_event"),
    Defect(HELLO, "event: [Interests Stated, Product List Viewed, Product Viewed]", "event: [Interests Stated, Product List Viewd, Product Viewed]", "unknown_event"),
    Defect(REVIEW, "goal: {event: Product Reviewed}", "goal: {event: Product Reviewd}", "unknown_event"),
    Defect(HELLO, "Interests Stated, ", "Interests Named, ", "unknown_event", plan=PLAN),
    Defect(HELLO, "- {event: Signed Up, within: 1d}", "- {event: Registered, within: 1d}", "unknown_event", plan=PLAN),
    Defect(CART, "size(customer.cart.items) > 0", "size(customer.card.items) > 0", "language"),
    Defect(CART, "key: customer.cart.id", "key: customer.cart.number", "language"),
    Defect(HELLO, "customer.orders.count == 0", "customer.orders.number == 0", "language"),
    Defect(HELLO, "customer.orders.count == 0", "customer.orders.count", "language"),
    Defect(HELLO, "customer.orders.count == 0", "customer.orders.count == 'none'", "language"),
    Defect(HELLO, "customer.orders.count == 0", "customer.orders.count = 0", "language"),
    Defect(EVENT, "event.properties.event_id == trigger", "event.properties.event == trigger", "language"),
    Defect(EVENT, "has(event.properties.starts_at)", "has(event.properties.start_at)", "language"),
    Defect(HELLO, "customer.consents['email.marketing']", "custommer.consents['email.marketing']", "language"),
    Defect(BIRTHDAY, "date: customer.birthday", "date: customer.birth_day", "language"),
    Defect(BIRTHDAY, "date: customer.birthday", "date: customer.lead_score", "language"),
    Defect(BIRTHDAY, "leap: before", "leap: never", "language"),
    Defect(HELLO, "parameters.discount > 0", "parameters.discont > 0", "language"),
    Defect(CART, "for: $silence", "for: $silenc", "language"),
    Defect(CART, "max: 7d", "max: 10m", "language"),
    Defect(CART, "type: duration", "type: durations", "language"),
    Defect(CART, "parameters:\n", "parameters:\n  pause: {type: duration, default: 1h}\n", "language"),
    # what it says
    Defect(CART, "message: reminder", "message: remainder", "language"),
    Defect(ORDER, "channels: [email]", "channels: [mail]", "language"),
    Defect(ORDER, "channels: [email]", "channels: [email, email]", "language"),
    Defect(ORDER, "channels: [email]", "channels: [email, sms]", "language"),
    Defect(ORDER, "channels: [email], ", "", "language"),
    Defect(CART, "expires_after: 24h", "expires_after: 0s", "language"),
    Defect(CART, "expires_after: 24h", "expires_after: 8h", "expires_at_night"),
    Defect(REVIEW, "expires_after: 3d", "expires_after: 11h", "expires_at_night"),
    Defect(CART, "purpose: marketing", "purpose: advertising", "language"),
    Defect(HELLO, "default: 3d, min: 5s", "default: 1h, min: 5s", "caps_are_met"),
    Defect(HELLO, "  - wait: {for: $pause}\n  - branch", "  - branch", "caps_are_met"),
    Defect(BIRTHDAY, "  - propose: {message: congratulations", "  - propose: {message: congratulations, channels: [email], expires_after: 15h}\n  - propose: {message: congratulations", "caps_are_met"),
    Defect(OPT_IN, "message: ask_again", "message: ask", "unused_template", found_in=DE.format("ask_again")),
    Defect(ORDER, "message: confirmation", "message: bestaetigung", "language"),
    # templates
    Defect(ORDER, "Vielen Dank für", "{{ trigger.properties.order }} Vielen Dank für", "language", DE.format("confirmation")),
    Defect(ORDER, "Vielen Dank für", "{{ trigger.properties.coupon }} Vielen Dank für", "language", DE.format("confirmation")),
    Defect(HELLO, "{% if vars.interest %}", "{% if vars.interests %}", "language", DE.format("benefits")),
    Defect(HELLO, "{{ parameters.discount }}", "{{ parameters.rebate }}", "language", EN.format("incentive")),
    Defect(ORDER, "Vielen Dank für", "{{ customer.name }} Vielen Dank für", "template", DE.format("confirmation")),
    Defect(ORDER, "{%- if trigger.properties.products %}", "", "template", DE.format("confirmation")),
    Defect(ORDER, "| money", "| euro", "template", EN.format("confirmation")),
    Defect(OPT_IN, "confirms: email.marketing\n", "", "template", DE.format("ask")),
    Defect(OPT_IN, "links.confirm", "links.confirmation", "template", EN.format("ask")),
    Defect(ORDER, 'subject: "', 'title: "', "template", DE.format("confirmation")),
    Defect(ORDER, "Vielen Dank für", "Mit diesem Gutschein sparen Sie. Vielen Dank für", "advertises", DE.format("confirmation")),
    Defect(ORDER, "You will hear", "20 % off your next order. You will hear", "advertises", EN.format("confirmation")),
    # how it is entered and ended
    Defect(ORDER, "again: per_key", "again: once", "language"),
    Defect(CART, "entry: {key: customer.cart.id, again: per_key}", "entry: {again: per_key}", "language"),
    Defect(CART, "again: per_key", "again: per_key, at_once: 0", "language"),
    Defect(CART, "trigger: {event:", "triger: {event:", "language"),
    Defect(CART, "trigger: {event:", "trigger: {events:", "language"),
    Defect(HELLO, "goal: {event: Order Completed}", "goal: {event: Signed Up}", "begins_and_ends"),
    Defect(CART, "- {event: Order Completed}", "- {event: Cart Viewed}", "begins_and_ends"),
]  # fmt: skip


def names(defect: Defect) -> str:
    return f"{defect.playbook}: {defect.new.strip()[:40]}"


@pytest.mark.parametrize("defect", DEFECTS, ids=names)
def test_a_defect_is_found_where_it_is(defect: Defect) -> None:
    content, release = SHIPPED[defect.playbook]
    files = dict(content.files)
    assert defect.old in files[defect.file]
    files[defect.file] = files[defect.file].replace(defect.old, defect.new)
    edited = content_of("playbook", content.name, files)
    others = without(release, content)
    plan = [content_of("tracking_plan", release.workspace, {"plan.yaml": defect.plan})]

    found = check(
        edited, Release(release.workspace, 1, (*others, edited, *plan[: bool(defect.plan)]))
    )

    place = f"playbooks/{content.name}/{defect.found_in or defect.file}"
    assert (defect.rule, place) in {(one.rule, one.file) for one in found}
    assert all(one.message and one.message[0] != " " for one in found)


def test_missing_files_are_found() -> None:
    content, release = SHIPPED[ORDER]
    for path, rule in ((EN.format("confirmation"), "missing_locale"), (JOURNEY, "language")):
        files = {name: text for name, text in content.files.items() if name != path}
        edited = content_of("playbook", content.name, files)
        found = check(edited, Release(release.workspace, 1, (*without(release, content), edited)))
        assert rule in {one.rule for one in found}


def test_a_channel_on_which_nobody_can_agree_to_advertising_is_found() -> None:
    content, release = SHIPPED[REVIEW]
    files = {
        path.replace(".email.", ".webhook."): text.replace(
            "channels: [email]", "channels: [webhook]"
        )
        for path, text in content.files.items()
    }
    edited = content_of("playbook", content.name, files)

    [found] = check(edited, Release(release.workspace, 1, (*without(release, content), edited)))
    assert (found.rule, found.severity) == ("nobody_can_agree", "error")


def without(release: Release, content: Content) -> list[Content]:
    return [one for one in release.contents if one.key != content.key]


def test_two_playbooks_that_the_same_event_begins_are_told_of_each_other() -> None:
    content, release = SHIPPED[CART]
    twin = content_of("playbook", "twin", dict(content.files))
    found = check(content, Release(release.workspace, 1, (*release.contents, twin)))

    assert {one.rule for one in found} == {"overlaps"}
    assert "also begins `twin`" in found[0].message


def test_there_are_at_least_sixty() -> None:
    assert len(DEFECTS) >= 60
    assert len(set(DEFECTS)) == len(DEFECTS)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_playbooks_raise_no_alarm(name: str) -> None:
    assert check(*SHIPPED[name]) == []
