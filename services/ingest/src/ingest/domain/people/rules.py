"""A workspace's rules of who somebody is and what is known of them, as the folds need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ingest.domain.identifiers import ANONYMOUS, EMAIL, PHONE, USER, Identifier
from ingest.domain.people.asking import CONFIRM_WITHIN
from ingest.domain.people.golden import FieldRules

_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KindRule:
    """When an id of one kind stops linking."""

    at_most: int = 10
    """Profiles that it was said of."""
    per: timedelta = _MONTH
    single: bool = False
    """Nobody has two of them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which ids link, and which values stand."""

    kinds: Mapping[str, KindRule] = field(
        default_factory=lambda: {EMAIL: KindRule(), PHONE: KindRule()}
    )
    """Beside user and anonymous ids; the first counts most."""
    devices: KindRule = KindRule(at_most=5)
    never: frozenset[Identifier] = frozenset()
    unproven: frozenset[str] = frozenset()
    """Sources whose word of these ids links nobody, and of a company outweighs nobody's."""
    registers: frozenset[str] = frozenset()
    """Sources that number people on their own; such a user id begins with the source's name and a colon."""
    region: str | None = None
    """Where a phone number is from that does not say so."""
    golden: FieldRules = field(default_factory=dict)
    confirm_within: timedelta = CONFIRM_WITHIN
    """How long a request for consent may be confirmed."""
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which `channel.purpose` a category of a consent banner allows."""

    def linking(self, said: Iterable[Identifier], source: str) -> tuple[Identifier, ...]:
        """Those of the stated ids that may link, what counts most first."""
        said = set(said)
        if not said or source in self.unproven:
            return ()
        order = list(self.kinds)
        ranked = sorted(
            ((-1 if who.kind == USER else order.index(who.kind)), who.value, who)
            for who in said
            if who not in self.never and (who.kind in self.kinds or self._is_registered(who))
        )
        return tuple(who for _, _, who in ranked)

    def rule(self, who: Identifier) -> KindRule:
        return self.devices if who.kind == ANONYMOUS else self.kinds.get(who.kind, _REGISTERED)

    def register(self, who: Identifier) -> str | None:
        """What knows nobody by two ids: the workspace's users, a source's own, a kind of which everybody has one."""
        if who.kind == USER:
            source = who.value.partition(":")[0]
            return f"{USER}@{source}" if source in self.registers else USER
        return who.kind if self.rule(who).single else None

    def _is_registered(self, who: Identifier) -> bool:
        return who.kind == USER and self.register(who) != USER


_REGISTERED: Final = KindRule()
DEFAULT_RULES: Final = Rules()
