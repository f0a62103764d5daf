"""What the button behind a mail's link does to the ledger: it confirms what the mail asked, once, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from common.errors import PermanentError
from services.ingest.tests.making import NOW, Shop, confirmation, consents
from services.ingest.tests.opting import USER, VISITOR, is_granted, logs_in, says

DAY = timedelta(days=1)


def asks(shop: Shop, *, days: int = 0, who: str = USER) -> UUID:
    """Request it; returns to whom the mail goes."""
    says(shop, "Requested", days=days, who=who, text_version="v7")
    return UUID(shop.told[-1].subject)


def presses(shop: Shop, who: UUID, *, days: float, asked: int = 0) -> list[object]:
    at = NOW + days * DAY
    return list(shop.folds(confirmation(who, at=at, asked_at=NOW + asked * DAY)))


def test_the_button_confirms_with_the_proof_of_both_halves() -> None:
    shop = Shop()
    anna = asks(shop)
    told = presses(shop, anna, days=2)

    assert consents(told) == [("email", "marketing", True)]  # type: ignore[arg-type] # payloads
    assert is_granted(shop)
    half, grant = shop.people.statements[-2:]
    assert (half.step, half.via, half.source, half.ip) == ("confirmed", "link", "link", "192.0.2.8")
    assert (grant.basis, grant.text_version) == ("double_opt_in", "v7")
    assert (grant.requested_at, grant.confirmed_at) == (NOW, NOW + 2 * DAY)
    assert (grant.ip, grant.proof_id) == ("192.0.2.8", half.proof_id)
    assert "192.0.2" not in str(shop.told)


def test_a_button_that_is_pressed_again_says_nothing_again() -> None:
    shop = Shop()
    anna = asks(shop)
    presses(shop, anna, days=1)
    said = shop.people.statements

    assert presses(shop, anna, days=2) == []
    assert shop.people.statements == said


def test_a_button_that_is_pressed_after_a_withdrawal_revives_nothing() -> None:
    shop = Shop()
    anna = asks(shop)
    presses(shop, anna, days=1)
    says(shop, "Withdrawn", days=2)
    presses(shop, anna, days=3)

    assert not is_granted(shop)


def test_a_withdrawal_before_the_button_is_pressed_ends_the_request() -> None:
    shop = Shop()
    anna = asks(shop)
    says(shop, "Withdrawn", days=1)
    presses(shop, anna, days=2)

    assert not is_granted(shop)


def test_an_old_link_confirms_no_newer_request() -> None:
    shop = Shop()
    anna = asks(shop)
    presses(shop, anna, days=1)
    says(shop, "Withdrawn", days=2)
    asks(shop, days=3)
    presses(shop, anna, days=4)
    assert not is_granted(shop)

    presses(shop, anna, days=5, asked=3)
    assert is_granted(shop)


def test_a_link_that_is_pressed_too_late_confirms_nothing() -> None:
    shop = Shop()
    anna = asks(shop)
    presses(shop, anna, days=7.1)

    assert not is_granted(shop)


def test_a_link_of_a_visitor_who_logged_in_meanwhile_is_the_users() -> None:
    shop = Shop()
    visitor = asks(shop, who=VISITOR)
    says(shop, "Withdrawn", who=USER, days=-1, channel="sms")
    logs_in(shop, days=1)
    presses(shop, visitor, days=2)

    assert is_granted(shop)


def test_a_clock_that_is_ahead_confirms_when_the_log_took_it() -> None:
    shop = Shop()
    anna = asks(shop)
    late = confirmation(anna, at=NOW + 99 * DAY, asked_at=NOW, appended_at=NOW + DAY)
    shop.folds(late)

    assert is_granted(shop)
    assert shop.people.statements[-1].confirmed_at == NOW + DAY


@pytest.mark.parametrize(
    "wrong", [{"channel": "fax"}, {"purpose": "*"}, {"at": NOW.replace(tzinfo=None)}]
)
def test_what_nobody_could_act_on_is_put_aside(wrong: dict[str, object]) -> None:
    shop = Shop()
    anna = asks(shop)
    said = {"at": NOW + DAY, "asked_at": NOW, "appended_at": NOW + DAY} | wrong

    with pytest.raises(PermanentError, match="undecodable"):
        shop.folds(confirmation(anna, **said))  # type: ignore[arg-type] # as said


def test_of_somebody_who_is_not_known_nothing_is_noted() -> None:
    with pytest.raises(PermanentError, match="unknown_profile"):
        presses(Shop(), UUID(int=7), days=1)
