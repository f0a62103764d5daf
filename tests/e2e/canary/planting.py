"""Personal data that nobody else has, each made for one field, so that a find says where it was planted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    rb"qx\d{5}q|151569\d{5}|198\.18\.\d{3}\.\d{3}|2001:db8:\d{4}:\d{4}", re.IGNORECASE
)
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\d{4}-\d\d-\d\dT.*|[A-Za-z]{2,3}|true|false")
_STRUCTURAL = frozenset(
    [
        "cancel_reason",
        "customer_locale",
        "entity",
        "event",
        "eventName",
        "financial_status",
        "fromObjectTypeId",
        "associationType",
        "kind",
        "object",
        "objectTypeId",
        "operation",
        "opt_in_level",
        "payment_status",
        "propertyName",
        "shopId",
        "state",
        "status",
        "stock_status",
        "subscriptionType",
        "technicalName",
        "type",
        "url",
        "updatedFields",
    ]
)
"""Of vendors' payloads: what decides how they are read."""


@dataclass
class Canaries:
    """All that were planted, by what is looked for."""

    planted: dict[bytes, str] = field(default_factory=dict)

    def name(self, where: str) -> str:
        """As of a person."""
        return self._kept(f"qx{len(self.planted):05}q", where)

    def email(self, where: str) -> str:
        return f"{self.name(where)}@canary.example"

    def phone(self, where: str) -> str:
        return "+49" + self._kept(f"151569{len(self.planted):05}", where)

    def ip(self, where: str) -> str:
        high, low = divmod(len(self.planted), 150)
        return self._kept(f"198.18.{100 + high}.{100 + low}", where)

    def ip6(self, where: str) -> str:
        high, low = divmod(len(self.planted), 9_000)  # without leading zeros, which come off
        return self._kept(f"2001:db8:{1_000 + high}:{1_000 + low}", where) + "::1"

    def text(self, where: str) -> str:
        """A free text in which somebody left every kind of address."""
        ips = f"{self.ip(where)}, {self.ip6(where)}"
        return f"ask {self.email(where)} or {self.phone(where)} at {ips}"

    def found(self, text: bytes) -> set[str]:
        """Where what is in the text was planted."""
        tokens = (match[0].lower() for match in _TOKEN.finditer(text))
        return {self.planted[token] for token in tokens if token in self.planted}

    def _kept(self, token: str, where: str) -> str:
        self.planted[token.encode()] = where
        return token

    def over(self, value: Any, where: str) -> Any:
        """The payload with an address in each text, and one more field with a name in each object."""
        if isinstance(value, Mapping):
            found = {
                name: part if name in _STRUCTURAL else self.over(part, f"{where}.{name}")
                for name, part in value.items()
            }
            return {**found, "more": self.name(f"{where}.more")}
        if isinstance(value, list):
            return [self.over(part, f"{where}[]") for part in value]
        if not isinstance(value, str) or _PLAIN.fullmatch(value):
            return value
        named = where.rpartition(".")[2].lower().replace("_", "")
        return self.name(where) if named in {"firstname", "lastname"} else self.email(where)
