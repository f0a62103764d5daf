"""What lines become: messages of the past, consents with their proof, addresses that must not be used."""

from __future__ import annotations

from typing import Any

import pytest

from cuestream.importing import consents, events
from cuestream.importing.lines import BadLineError, Row
from cuestream.importing.values import instant

AT = "2024-05-01T08:30:00+00:00"
GRANT = {"user_id": "u1", "channel": "email", "granted": "yes", "timestamp": AT}


def reason(meaning: Any, **values: Any) -> str:
    with pytest.raises(BadLineError) as found:
        meaning(Row(1, values))
    return found.value.reason


class TestEvents:
    def test_a_message_stays_as_it_is(self) -> None:
        message = {"type": "track", "userId": "u1", "event": "Order Completed", "timestamp": AT, "properties": {"total": 9}}  # fmt: skip

        assert events.of_json(Row(1, message)) == [message]

    def test_a_row_becomes_a_message(self) -> None:
        values = {
            "user_id": "u1",
            "event": "Order Completed",
            "timestamp": "2024-05-01 08:30",
            "order_id": "o1",
            "products": '[{"product_id": "p1", "quantity": 2}]',
            "context.campaign.name": "spring",
        }

        assert events.of_table(Row(1, values)) == [
            {
                "type": "track",
                "userId": "u1",
                "event": "Order Completed",
                "timestamp": AT,
                "properties": {
                    "order_id": "o1",
                    "products": [{"product_id": "p1", "quantity": 2}],
                },
                "context": {"campaign": {"name": "spring"}},
            }
        ]

    def test_a_row_without_an_event_says_who_somebody_is(self) -> None:
        values = {"user_id": "u1", "email": "ada@example.com", "consents.email.marketing": "ja"}

        assert events.of_table(Row(1, values)) == [
            {
                "type": "identify",
                "userId": "u1",
                "traits": {"email": "ada@example.com", "consents": {"email.marketing": True}},
            }
        ]

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"type": "sing", "userId": "u1"}, "unknown_call"),
            ({"type": "track", "event": "X", "timestamp": AT}, "no_identity"),
            ({"type": "track", "userId": True, "event": "X", "timestamp": AT}, "no_identity"),
            ({"type": "track", "userId": "u1", "timestamp": AT}, "no_event_name"),
            ({"type": "track", "userId": "u1", "event": "X"}, "no_time"),
            ({"type": "track", "userId": "u1", "event": "X", "timestamp": "soon"}, "no_time"),
            ({"type": "identify", "userId": "u1", "timestamp": "soon"}, "no_time"),
        ],
    )
    def test_what_is_missing_is_told(self, values: dict[str, Any], why: str) -> None:
        assert reason(events.of_json, **values) == why

    def test_a_value_within_another_value_is_told(self) -> None:
        values = {"user_id": "u", "properties.a": "1", "properties.a.b": "2"}

        assert reason(events.of_table, **values) == "wrong_columns"


class TestConsents:
    def test_a_double_opt_in_keeps_its_proof(self) -> None:
        values = {
            "email": "Ada@example.com ",
            "channel": "email",
            "purpose": "marketing",
            "granted": "yes",
            "basis": "double_opt_in",
            "requested_at": "2024-05-01T08:29:00Z",
            "confirmed_at": "2024-05-01T08:30:00Z",
            "ip": "203.0.113.7",
            "text_version": "2024-04",
            "source": "newsletter",
        }
        known, statement = consents.consent(Row(1, values))

        assert known["type"] == "identify"
        assert known["traits"] == {"email": "Ada@example.com "}
        assert known["userId"] == statement["userId"]
        assert known["userId"].startswith("email:")
        assert "ada" not in known["userId"].lower()
        assert (statement["event"], statement["timestamp"]) == ("Consent Granted", AT)
        assert statement["properties"] == {
            "channel": "email",
            "purpose": "marketing",
            "basis": "double_opt_in",
            "text_version": "2024-04",
            "ip": "203.0.113.7",
            "source": "newsletter",
            "requested_at": "2024-05-01T08:29:00+00:00",
            "confirmed_at": AT,
        }

    def test_a_no_needs_no_proof(self) -> None:
        (statement,) = consents.consent(Row(1, {"user_id": "u1", "granted": "no"}))

        assert statement["event"] == "Consent Withdrawn"
        assert statement["properties"] == {"channel": "email", "purpose": "marketing"}

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"timestamp": ""}, "no_proof"),
            ({"basis": "double_opt_in"}, "no_proof"),
            ({"basis": "we_felt_like_it"}, "unknown_basis"),
            ({"channel": "pigeon"}, "unknown_channel"),
            ({"purpose": "fun"}, "unknown_purpose"),
            ({"granted": "perhaps"}, "neither_yes_nor_no"),
            ({"user_id": "", "email": "none"}, "no_identity"),
            ({"timestamp": "yesterday"}, "no_time"),
        ],
    )
    def test_a_row_that_proves_nothing_is_told(self, changes: dict[str, str], why: str) -> None:
        values = {name: cell for name, cell in {**GRANT, **changes}.items() if cell}

        assert reason(consents.consent, **values) == why


class TestSuppressions:
    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({"email": "a@b.example"}, [("email", "a@b.example", "imported")]),
            (
                {"address": "a@b.example", "channel": "*", "reason": "Bounced"},
                [("email", "a@b.example", "bounced"), ("ads", "a@b.example", "bounced")],
            ),
            ({"phone": "+49 (151) 23456789"}, [("sms", "+4915123456789", "imported")]),
        ],
    )
    def test_an_address_is_told_with_its_channels(
        self, values: dict[str, str], found: list[tuple[str, str, str]]
    ) -> None:
        said = consents.suppression(Row(1, values))

        assert [(one["channel"], one["address"], one["reason"]) for one in said] == found

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"reason": "bounced"}, "no_address"),
            ({"phone": "0151 23456789"}, "no_address"),
            ({"email": "a@b.example", "channel": "sms"}, "unknown_channel"),
            ({"email": "a@b.example", "reason": "!"}, "unknown_reason"),
        ],
    )
    def test_what_is_no_address_is_told(self, values: dict[str, str], why: str) -> None:
        assert reason(consents.suppression, **values) == why


@pytest.mark.parametrize(
    "text",
    ["2024-05-01T08:30:00Z", "2024-05-01 10:30:00+02:00", "1714552200", 1714552200, 1714552200000],
)
def test_instants_come_in_many_forms(text: object) -> None:
    assert instant(text) is not None
    assert str(instant(text)).startswith(("2024-05-01T08:30:00", "2024-05-01T10:30:00+02:00"))


@pytest.mark.parametrize("text", ["", "soon", "9" * 30, True, None, [], 1e300])
def test_what_is_no_instant_is_none(text: object) -> None:
    assert instant(text) is None
