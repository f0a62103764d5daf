"""A mail's bytes: any reader reads back what was written, and no text gets out of its header."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PermanentError
from dispatcher.adapters.mime import mime_bytes
from dispatcher.domain.rules import Sender
from services.dispatcher.tests.making import delivery_id, email

KEY = delivery_id()
line = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=120
).map(lambda text: " ".join(text.split()))


@given(line.filter(bool))
def test_a_subject_in_any_writing_comes_back(subject: str) -> None:
    mail = message_from_bytes(mime_bytes(email(subject=subject), KEY), policy=policy.default)

    assert str(mail["Subject"]) == subject


@given(st.text(max_size=300))
def test_a_body_of_any_text_comes_back(text: str) -> None:
    plain = text.replace("\x00", "")
    content = mime_bytes(email(text=plain, html=plain), KEY)
    mail = message_from_bytes(content, policy=policy.default)

    told = [part.get_payload(decode=True) for part in mail.iter_parts()]
    expected = plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    assert all(isinstance(part, bytes) for part in told)
    assert [bytes(part).rstrip(b"\r\n") for part in told if isinstance(part, bytes)] == [
        expected.rstrip(b"\r\n")
    ] * 2
    assert all(len(row) <= 998 for row in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: b@example.com"},
        {"to": "a@example.com\nBcc: b@example.com"},
        {"to": "ä@example.com"},
        {"language": "de\r\nX: y"},
        {"sender": Sender("a@example.org", "X\r\nBcc: b@example.com")},
        {"sender": Sender("a@example.org\r\nX: y", "X")},
        {"sender": Sender("a@example.org", "X", "b@example.org\r\nX: y")},
        {"unsubscribe": "https://x.example/" + "a" * 990},
    ],
)
def test_no_value_breaks_out_of_its_header(changes: dict[str, object]) -> None:
    with pytest.raises(PermanentError) as raised:
        mime_bytes(email(**changes), KEY)

    assert raised.value.reason == "unsafe_header"


def test_a_link_in_a_header_is_not_folded() -> None:
    link = "https://mail.example.org/u/" + "a" * 200

    content = mime_bytes(email(unsubscribe=link), KEY)

    assert f"List-Unsubscribe: <{link}>\r\n".encode() in content


def test_an_order_confirmation_offers_no_way_out() -> None:
    assert b"List-Unsubscribe" not in mime_bytes(email(unsubscribe=None), KEY)


def test_the_same_mail_has_the_same_bytes() -> None:
    assert mime_bytes(email(), KEY) == mime_bytes(email(), KEY)
