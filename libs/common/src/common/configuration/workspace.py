"""A workspace's file as frozen models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from common.configuration.consent import ConsentPolicy
from common.configuration.golden import GoldenRecord, check_golden_record
from common.configuration.identity import Identity
from common.documents import parse_duration

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,1000}$")]
KeyHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$")]
# The name of an environment variable or of a mounted file: the secret itself never travels.
SecretName = Annotated[str, StringConstraints(pattern=r"^([A-Z][A-Z0-9_]*|/[^\s]+)$")]


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Period = Annotated[timedelta, BeforeValidator(_duration)]
Parameter = bool | int | float | str


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone; write it like Europe/Berlin") from error
    return name


def _of_day(value: object) -> object:
    # YAML reads an unquoted 21:00 as a number in base 60.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    if isinstance(value, time):
        return value
    raise ValueError('not a time of day; write it like "21:00"')


TimeZone = Annotated[str, AfterValidator(_known_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_of_day)]


class Model(BaseModel):
    """What all parts of a workspace have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Limits(Model):
    """How much one source may send."""

    events_per_second: float = Field(default=500, gt=0, le=1_000_000)
    """Refilled steadily: a token bucket."""
    burst: int = Field(default=2_000, ge=1, le=10_000_000)
    """The bucket's size in events."""
    max_body: int = Field(default=4 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    """Bytes of one request after gunzip."""


class Quota(Model):
    """How much all sources of a workspace may send together."""

    events_per_second: float = Field(gt=0, le=10_000_000)
    """Refilled steadily: a token bucket."""
    burst: int = Field(ge=1, le=100_000_000)
    """The bucket's size in events."""


NAMED_ACCOUNTS = frozenset({"shopware", "hubspot", "salesforce", "stripe"})
"""The vendors whose events say which shop or organisation they come from."""


class Source(Model):
    """A shop, site or CRM that sends events: with a key of ours, or by webhooks that it signs."""

    key_sha256: tuple[KeyHash, ...] = Field(default=(), max_length=2)
    """server, browser: the hash of its key. Two while a key is being replaced."""
    kind: Literal[
        "server",
        "browser",
        "shopify",
        "woocommerce",
        "shopware",
        "hubspot",
        "salesforce",
        "stripe",
        "standard",
    ]
    secrets: tuple[SecretName, ...] = Field(default=(), max_length=2)
    """Webhooks: where the secret is that they are signed with. Two while it is being replaced."""
    account: str | None = Field(default=None, min_length=1, max_length=100)
    """Webhooks: the only shop or organisation to take them from, by the vendor's own id of it."""
    ids: Literal["own", "shared"] = "own"
    """Webhooks: `shared` where the vendor's ids of people are the user ids that the workspace's other sources send, too."""
    origins: tuple[Origin, ...] = ()
    """From which pages a browser key is accepted."""
    limits: Limits = Limits()
    local_only: bool = False
    """A key that everybody knows: accepted by the local stack alone."""

    @property
    def is_webhook(self) -> bool:
        return self.kind not in {"server", "browser"}

    @field_validator("key_sha256", "secrets", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _proof_fits_the_kind(self) -> Source:
        if self.is_webhook:
            if not self.secrets or self.key_sha256:
                raise ValueError(f"a {self.kind} source needs secrets and has no key_sha256")
            if self.origins or self.local_only:
                raise ValueError(f"a {self.kind} source has neither origins nor local_only")
            if self.account is not None and self.kind not in NAMED_ACCOUNTS:
                raise ValueError(f"no account: what {self.kind} signs does not name one")
            if self.kind == "salesforce" and self.account is None:
                raise ValueError("a salesforce source needs account, its OrganizationId")
        elif not self.key_sha256 or self.secrets or self.account or self.ids != "own":
            raise ValueError(f"a {self.kind} key needs key_sha256 and nothing of a webhook")
        return self

    @model_validator(mode="after")
    def _origins_fit_the_kind(self) -> Source:
        if self.kind == "server" and self.origins:
            raise ValueError("a server key has no origins")
        if self.kind == "browser" and not self.origins:
            raise ValueError("a browser key needs the origins it is used from")
        if "*" in self.origins and not self.local_only:
            raise ValueError("only a local_only key may be used from any origin")
        return self


class QuietHours(Model):
    """Local hours in which no marketing is sent."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")

    @model_validator(mode="after")
    def _not_empty(self) -> QuietHours:
        if self.start == self.end:
            raise ValueError("from and to are the same")
        return self

    def covers(self, local: datetime | time) -> bool:
        """Whether that local moment is quiet; the end no longer is."""
        at = local.time() if isinstance(local, datetime) else local
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


class Cap(Model):
    """At most so many marketing contacts in any period of that length."""

    channel: str = "*"
    at_most: int = Field(ge=0, le=1_000)
    per: Period


class ContactPolicy(Model):
    """How often and when customers may be written to."""

    time_zone: TimeZone = "Europe/Berlin"
    """Where a customer's own is not known."""
    quiet_hours: QuietHours | None = None
    caps: tuple[Cap, ...] = ()


class Sender(Model):
    """Who writes on one channel, and through what."""

    adapter: Literal["smtp"]
    sender: Address = Field(alias="from")
    from_name: str = Field(default="", max_length=100, pattern=r"^[^\r\n]*$")
    reply_to: Address | None = None
    secrets: Mapping[str, SecretName] = {}
    """Role → name of an environment variable, or absolute path of a mounted file."""


class Brand(Model):
    """How the shop presents itself."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\r\n]*$")
    url: WebAddress
    logo: WebAddress | None = None
    colour: Colour = "#1f5f4a"
    """Of heads and buttons."""
    text_colour: Colour = "#ffffff"
    """On heads and buttons."""
    background: Colour = "#f4f2ee"
    """Around the mail."""
    imprint: str = Field(min_length=1, max_length=2_000)
    """Plain text; the law wants it in every mail."""


class Delivery(Model):
    """Where messages go: to the sink, to the customers, or all to one address."""

    mode: Literal["sink", "live", "redirect"] = "sink"
    address: Address | None = None


def _delivery(value: object) -> object:
    """Accepts `sink`, `live`, `redirect: ADDRESS` as a mapping or in quotes."""
    if isinstance(value, str):
        mode, _, address = (part.strip() for part in value.partition(":"))
        value = {"redirect": address} if mode == "redirect" else {"mode": mode}
    if isinstance(value, dict) and set(value) == {"redirect"}:
        if not value["redirect"]:
            raise ValueError("redirect needs an address")
        return {"mode": "redirect", "address": value["redirect"]}
    if isinstance(value, Delivery) or (isinstance(value, dict) and set(value) == {"mode"}):
        return value
    raise ValueError("write `sink`, `live` or `redirect: ADDRESS`")


SegmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Condition = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Workspace(Model):
    """One brand or shop: its keys, playbooks, policy and looks."""

    name: SourceName
    sources: Mapping[SourceName, Source] = Field(min_length=1)
    quota: Quota | None = None
    """None: as much as its sources' own limits allow."""
    parameters: Mapping[str, Mapping[str, Parameter]] = {}
    """Per playbook what differs from its defaults; checked when the playbook is compiled."""
    playbooks: tuple[str, ...] | None = None
    """The active ones; None = all that are there."""
    segments: Mapping[SegmentName, Condition] = {}
    """Groups of customers by name: the condition on `customer` that holds for those who are in it."""
    lead_model: str = "lead"
    contact_policy: ContactPolicy = ContactPolicy()
    identity: Identity = Identity()
    consent: ConsentPolicy = ConsentPolicy()
    golden_record: Annotated[GoldenRecord, AfterValidator(check_golden_record)] = {}
    senders: Mapping[str, Sender] = {}
    brand: Brand
    locales: tuple[Locale, ...] = Field(min_length=1)
    """The first is the default."""
    delivery: Annotated[Delivery, BeforeValidator(_delivery)] = Delivery()

    @property
    def default_locale(self) -> str:
        return self.locales[0]

    @model_validator(mode="after")
    def _nothing_twice(self) -> Workspace:
        hashes = [key for source in self.sources.values() for key in source.key_sha256]
        _unique(hashes, "two keys have the same hash")
        _unique(self.locales, "a locale is there twice")
        _unique(self.playbooks or (), "a playbook is there twice")
        return self

    @model_validator(mode="after")
    def _priorities_name_sources(self) -> Workspace:
        for trait, rule in self.golden_record.items():
            strangers = sorted(set(rule.sources) - self.sources.keys())
            if strangers:
                raise ValueError(f"golden_record.{trait} names no source: {', '.join(strangers)}")
        return self


def _unique(values: Any, message: str) -> None:
    if len(set(values)) < len(values):
        raise ValueError(message)
