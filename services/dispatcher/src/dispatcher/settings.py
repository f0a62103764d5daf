"""Every knob of the dispatcher: what it is for, its unit, and why that default."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from common.settings import (
    DatabaseSettings,
    EdgeSettings,
    KafkaSettings,
    LoopSettings,
    Settings,
    TokenSettings,
)
from common.settings import RecoverySettings as LibraryRecoverySettings

_LOCAL_PEPPER = "cuestream-up-on-one-machine"


class AddressSettings(Settings):
    """How addresses become the keys under which their withdrawals are kept."""

    local: bool = False
    """True only under `cuestream up`."""
    address_pepper: SecretStr | None = Field(default=None, min_length=16)
    """Key of the hash of every address, the same for all dispatchers and for ever: with another one, no withdrawal would be found
    again. At least 16 characters. Only under `cuestream up` may it be left out."""

    @model_validator(mode="after")
    def _needed_elsewhere(self) -> Self:
        if self.address_pepper is None and not self.local:
            raise ValueError("CUESTREAM_ADDRESS_PEPPER is needed")
        return self

    @property
    def pepper(self) -> bytes:
        secret = self.address_pepper
        return (secret.get_secret_value() if secret else _LOCAL_PEPPER).encode()


class ConsumeSettings(AddressSettings, LoopSettings):
    """What `dispatcher consume` is told by its environment."""


class SendSettings(AddressSettings, TokenSettings, LoopSettings):
    """What `dispatcher send` is told by its environment. `public_url` is that of `dispatcher api`."""

    smtp_url: SecretStr | None = None
    """`smtp://user:password@host:port?starttls=always|auto|never` or `smtps://…`: where mails go that no sender of a workspace has a
    server of its own for. Without it, a workspace that delivers live holds its mails."""
    smtp_connections: int = Field(default=8, ge=1, le=200)
    """Connections to each SMTP server. Providers punish many; eight keep one process busy."""
    smtp_connect_seconds: float = Field(default=10.0, gt=0, le=120)
    """How long a server may take to greet."""
    smtp_command_seconds: float = Field(default=20.0, gt=0, le=300)
    """How long a conversation may take up to a mail's content, all answers together: then the mail is tried again later."""
    smtp_acceptance_seconds: float = Field(default=60.0, gt=0, le=600)
    """How long it may take to take a mail: then the mail is `unknown` and never sent again, so be patient."""
    deliveries_in_flight: int = Field(default=32, ge=1, le=1000)
    """Claimed at once by one process: four for each connection keep them busy, and what a crash leaves `unknown` stays little."""


class RecoverySettings(AddressSettings, LibraryRecoverySettings):
    """What `dispatcher replay`, `recover` and `backup-check` are told; recipients hold hashed addresses."""


class ApiSettings(AddressSettings, TokenSettings, KafkaSettings, DatabaseSettings, EdgeSettings):
    """What `dispatcher api` is told by its environment."""


class MigrateSettings(DatabaseSettings):
    """What `dispatcher migrate` is told: it meets nothing but the database."""
