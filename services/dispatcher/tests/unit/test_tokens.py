"""Tokens in links: what was signed comes back, and nothing else does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PermanentError
from dispatcher.domain.tokens import MailToken, sign, verify

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
