"""What a process is told by its environment: one class per concern, combined in each service's `settings.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

T = TypeVar("T", bound=BaseSettings)

_PREFIX = "CUESTREAM_"
WRONG_SETTINGS = 2
"""The exit code of a process that was configured wrongly."""

LogLevel = Literal["debug", "info", "warning", "error"]
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class Settings(BaseSettings):
    """The root of all settings: read once in `__main__`, then handed on as a value."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )


class KafkaSettings(Settings):
    """How to reach Kafka, and what this installation's topics are called."""

    kafka_bootstrap_servers: str = Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    """`host:port`, several separated by commas. No default: a process that guesses a broker writes into the wrong one."""
    kafka_security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", validation_alias="KAFKA_SECURITY_PROTOCOL"
    )
    """How the connection is protected. PLAINTEXT suits one machine; anything that crosses a network wants SASL_SSL or SSL."""
    kafka_sasl_mechanism: SaslMechanism = Field(
        default="SCRAM-SHA-512", validation_alias="KAFKA_SASL_MECHANISM"
    )
    """How the password is proven; used only with a SASL protocol. SCRAM never sends the password itself."""
    kafka_sasl_username: str | None = Field(default=None, validation_alias="KAFKA_SASL_USERNAME")
    """The user of a SASL protocol."""
    kafka_sasl_password: SecretStr | None = Field(
        default=None, validation_alias="KAFKA_SASL_PASSWORD"
    )
    """The password of a SASL protocol."""
    kafka_ssl_ca_file: Path | None = Field(default=None, validation_alias="KAFKA_SSL_CA_FILE")
    """PEM file with the authority that signed the brokers' certificates; without it, the system's authorities."""
    topic_prefix: str = ""
    """Put before every topic and group name, so that two installations can share a Kafka. Empty: this is the only one."""
    partitions: int | None = Field(default=None, ge=1, le=10_000)
    """Partitions of each profile-keyed topic. The topics themselves keep the number, so it is needed only where they are created
    (then 6 when unset); a process that is told another number than the topics have does not start."""
    replication_factor: int | None = Field(default=None, ge=1, le=10)
    """Copies of each topic when it is created; when unset, 3 or as many as there are brokers. With 3, two must acknowledge."""
    instance: str = ""
    """The slot of this process among its like, such as `0` or the pod's name: unique, and the same after a restart, so that a
    process that was killed is back at its partitions at once. Empty: an ordinary group member, for whose session (20 s) the others
    wait then. A process that is told to end gives its partitions away, with a slot or without."""


class DatabaseSettings(Settings):
    """How to reach the service's PostgreSQL database."""

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    """`postgresql://role:password@host:port/database`, the service's own role. No default: there is no database to guess."""
    database_connections: int = Field(default=8, ge=3, le=200)
    """Most connections of one process. A loop uses one, a take-over two, who follows the catalog holds one; the rest is for look-ups."""


class ProcessSettings(Settings):
    """What every process needs: where it listens, how it is reached, what it logs."""

    host: str = "127.0.0.1"
    """Address to listen on. Only this machine by default; the images set `0.0.0.0`."""
    port: int = Field(default=8080, ge=0, le=65_535)
    """Port of `/livez`, `/readyz`, `/metrics` and of the process's own pages; 0 takes any free one."""
    public_url: str = "http://localhost:8080"
    """Base of the addresses that are given out (unsubscribe links, callbacks), without a slash at the end."""
    log_level: LogLevel = "info"
    """The least important line that is written. `debug` is for one machine; no level ever writes personal data."""
    local: bool = False
    """True only under `cuestream up`: the well-known keys of the local stack are accepted. Never set it elsewhere."""
    admin_key_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$", repr=False)
    """SHA-256, in hex, of the first admin key. Without it every admin route answers 401."""

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")


class LoopSettings(KafkaSettings, DatabaseSettings, ProcessSettings):
    """What a process needs that runs a loop."""


class EdgeSettings(ProcessSettings):
    """What a process needs besides that others than us call."""

    drain_seconds: float = Field(default=2.0, ge=0, le=5)
    """Seconds in which a process that was told to end says at `/readyz` that it is not ready, and answers everything else as ever, so
    that whoever spreads the requests turns to another process before this one closes. Longer than it takes the balancer to notice;
    0 where there is none."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Addresses and networks (`10.0.0.0/8`), separated by commas, of the balancers and proxies in front of this process: of them alone
    is believed what `X-Forwarded-For` and `X-Forwarded-Proto` say. Empty: of nobody, and the address is that of whoever connects."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_proxies(cls, value: object) -> object:
        return _listed(value)


class RecoverySettings(KafkaSettings, DatabaseSettings):
    """What `replay`, `recover` and `backup-check` are told; of `replay`, DATABASE_URL is the empty database."""

    beside_database_url: str | None = Field(default=None, repr=False)
    """The service's own database: `replay` compares its tables with those it made, so the service should rest meanwhile."""


class TokenSettings(Settings):
    """The secrets with which links in messages are signed."""

    token_secrets: Annotated[tuple[SecretStr, ...], NoDecode]
    """Separated by commas, the newest first: the first signs, all verify, so that a secret can be replaced while older links live.
    Each at least 16 characters."""

    @field_validator("token_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _listed(value)

    @field_validator("token_secrets")
    @classmethod
    def _long_enough(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not secrets or any(len(secret.get_secret_value()) < 16 for secret in secrets):
            raise ValueError("needs at least one secret, each of at least 16 characters")
        return secrets


def secret_of(name: str) -> str | None:
    """The secret that a workspace names: an environment variable, or a mounted file where it begins with `/`."""
    if name.startswith("/"):
        path = Path(name)
        return path.read_text().strip() if path.is_file() else None
    return os.environ.get(name)


def variables(cls: type[BaseSettings]) -> Iterator[tuple[str, FieldInfo]]:
    """Every environment variable that the class reads, with its field."""
    for name, field in cls.model_fields.items():
        yield _variable(name, field), field


def load_settings(cls: type[T], **overrides: Any) -> T:
    """Read the environment, or say which variable is wrong and end the process with exit code 2."""
    try:
        return cls(**overrides)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            # Without a location it is about several variables together, and names them itself.
            about = "".join(f"{_named(cls, str(part))}: " for part in problem["loc"][:1])
            sys.stderr.write(f"{about}{problem['msg']}\n")
        raise SystemExit(WRONG_SETTINGS) from None


def _listed(value: object) -> object:
    """What separates by commas, apart."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else _PREFIX + name.upper()


def _named(cls: type[BaseSettings], location: str) -> str:
    """The variable that an error is about; pydantic says either the field or its alias."""
    field = cls.model_fields.get(location)
    return _variable(location, field) if field is not None else location
