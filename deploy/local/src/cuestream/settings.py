"""Every variable of the environment that the `cuestream` command reads beside the options it is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from common.settings import LogLevel, Settings


class LocalSettings(Settings):
    """What decides how the local stack is started; an explicit option of a command wins over it."""

    data: Path = Path(".cuestream")
    """Folder of the local stack: logs, Kafka's and PostgreSQL's data, mails, keys."""
    cache_home: Path = Field(default=Path("~/.cache"), validation_alias="XDG_CACHE_HOME")
    """Parent of the folder `cuestream/`, where Kafka's jars are kept once they are downloaded."""
    kafka_bootstrap_servers: str | None = Field(
        default=None, validation_alias="KAFKA_BOOTSTRAP_SERVERS"
    )
    """A Kafka that is already there, `host:port`, several separated by commas. Without it one is started."""
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL", repr=False)
    """A PostgreSQL that is already there, by the URL of a user who may create roles. Without it one is started."""
    maven_url: str | None = None
    """Mirror of Maven Central to fetch Kafka's jars from. Without it, Maven Central itself."""
    log_level: LogLevel = "info"
    """Handed to every process of the stack."""

    @property
    def cache(self) -> Path:
        """The folder that outlives every stack of this user."""
        return self.cache_home.expanduser() / "cuestream"


class InstallationSettings(Settings):
    """How commands reach an installation that is not a stack of this machine, such as compose or a cluster."""

    orchestrator_url: str | None = None
    """Base URL of `orchestrator api`. With it, commands ask there and look for no stack of this machine."""
    ingest_url: str | None = None
    """Base URL of `ingest api`; needed to import. With it, too, no stack of this machine is looked for."""
    dispatcher_url: str | None = None
    """Base URL of `dispatcher api`; needed to halt and resume."""
    resolve_url: str | None = None
    """Base URL of `ingest resolve`'s own port; needed where a person or a message is looked up."""
    process_urls: str | None = None
    """Base URLs of the processes' own ports, separated by commas; `cuestream positions` asks them for alarms."""
    write_key: SecretStr | None = None
    """A server's write key in clear, for imports. Whoever has it may send in that source's name."""
    admin_key: SecretStr | None = None
    """The admin key in clear. Whoever has it may publish and may read everything."""


class DemoSettings(Settings):
    """What decides how long the demo's shop stays open."""

    seconds: float | None = Field(default=None, ge=20, validation_alias="DEMO_SECONDS")
    """Seconds after which the demo ends by itself. Without it, it runs until Ctrl-C."""


class SuiteSettings(Settings):
    """What decides on which brokers a test suite runs and what it may leave out."""

    stack: Literal["embedded", "containers"] = Field(
        default="embedded", validation_alias="TEST_STACK"
    )
    """`containers`: testcontainers where a Docker engine answers, else embedded."""
    require: Literal["", "all"] = ""
    """`all`: a test whose tool is missing fails instead of being listed as not run."""
    fault_seed: int = Field(default=1, validation_alias="FAULT_SEED")
    """Decides what visitors do and what is broken when, so that a run of the fault tests can be repeated."""
    fault_events: int = Field(default=1_000_000, ge=1_000, validation_alias="FAULT_EVENTS")
    """How many events the histories of `make test-fault` hold together."""


def inherited_environment() -> dict[str, str]:
    """A copy of this process's environment, for the processes started from here."""
    return dict(os.environ)
