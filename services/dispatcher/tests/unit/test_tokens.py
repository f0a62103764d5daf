"""Tokens in links: what was signed comes back, and nothing else does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PermanentError
from dispatcher.domain.tokens import (
    ConfirmToken,
    MailToken,
    sign,
    verify,
    verify_confirmation,
)

OLD, NEW, FOREIGN = b"old-secret-old-secret", b"new-secret-new-secret", b"foreign-foreign-foreign"
tokens = st.builds(
    MailToken,
    workspace=st.text(max_size=40),
    profile_id=st.uuids(),
    address_hash=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    channel=st.sampled_from(["email", "sms"]),
    purpose=st.sampled_from(["marketing", "transactional"]),
    delivery_id=st.uuids(),
)

askings = st.builds(
    ConfirmToken,
    workspace=st.text(max_size=40),
    profile_id=st.uuids(),
    address_hash=st.binary(min_size=16, max_size=16),
    key=st.sampled_from(["email.marketing", "ads.profiling"]),
    delivery_id=st.uuids(),
    asked_at=st.datetimes(timezones=st.just(UTC)),
    expires_at=st.datetimes(timezones=st.just(UTC)),
)


@given(askings)
def test_a_token_that_asks_reads_as_it_was_signed_by_any_secret(token: ConfirmToken) -> None:
    for secret in (NEW, OLD):
        text = sign(token, [secret])

        assert verify_confirmation(text, [NEW, OLD]) == token
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,450}", text)


def test_a_link_that_asks_fits_into_two_lines_of_a_mail() -> None:
    token = ConfirmToken(
        workspace="default",
        profile_id=UUID(int=2**127),
        address_hash=b"\xab" * 16,
        key="email.marketing",
        delivery_id=UUID(int=2**126),
        asked_at=datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC),
        expires_at=datetime(2026, 11, 28, 12, 0, 0, 123456, tzinfo=UTC),
    )

    assert len("https://mail.example.org/c/" + sign(token, [NEW])) <= 200


@given(tokens, askings)
def test_a_link_to_unsubscribe_confirms_nothing_and_a_link_to_confirm_unsubscribes_nobody(
    token: MailToken, asking: ConfirmToken
) -> None:
    with pytest.raises(PermanentError):
        verify_confirmation(sign(token, [NEW]), [NEW])
    with pytest.raises(PermanentError):
        verify(sign(asking, [NEW]), [NEW])


@given(askings, st.data())
def test_one_other_letter_and_it_asks_nothing(token: ConfirmToken, data: st.DataObject) -> None:
    text = sign(token, [NEW])
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda c: c != text[place]))

    with pytest.raises(PermanentError):
        verify_confirmation(text[:place] + letter + text[place + 1 :], [NEW])


@given(tokens)
def test_a_token_reads_as_it_was_signed(token: MailToken) -> None:
    assert verify(sign(token, [NEW]), [NEW]) == token


@given(tokens)
def test_a_token_can_stand_in_a_url_and_in_a_mail_header(token: MailToken) -> None:
    text = sign(token, [NEW])

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,500}", text)


@given(tokens)
def test_an_older_secret_still_verifies_after_a_new_one_signs(token: MailToken) -> None:
    assert verify(sign(token, [OLD]), [NEW, OLD]) == token


@given(tokens, st.data())
def test_one_other_letter_and_it_is_no_token(token: MailToken, data: st.DataObject) -> None:
    text = sign(token, [NEW])
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda c: c != text[place]))

    with pytest.raises(PermanentError) as raised:
        verify(text[:place] + letter + text[place + 1 :], [NEW])

    assert raised.value.reason == "bad_token"


@given(tokens)
def test_a_foreign_secret_signs_nothing_here(token: MailToken) -> None:
    with pytest.raises(PermanentError):
        verify(sign(token, [FOREIGN]), [NEW, OLD])


@given(st.one_of(st.text(max_size=700), st.from_regex(r"[A-Za-z0-9_-]{0,700}", fullmatch=True)))
def test_anything_else_is_a_bad_token_and_no_crash(text: str) -> None:
    with pytest.raises(PermanentError) as raised:
        verify(text, [NEW])

    assert raised.value.reason == "bad_token"
