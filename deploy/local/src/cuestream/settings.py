"""Every variable of the environment that the `cuestream` command reads, with its unit and reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LocalSettings(BaseSettings):
    """What decides how the local stack is started; an explicit option of a command wins over it."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    data: Path = Field(
        default=Path(".cuestream"),
        validation_alias="CUESTREAM_DATA",
        description="Folder of the local stack: logs, Kafka's and PostgreSQL's data, mails, keys.",
    )
    cache_home: Path = Field(
        default=Path("~/.cache"),
        validation_alias="XDG_CACHE_HOME",
        description="Parent of the cache `cuestream/`, where Kafka's jars are kept once downloaded.",
    )
    kafka_bootstrap_servers: str | None = Field(
        default=None,
        validation_alias="KAFKA_BOOTSTRAP_SERVERS",
        description="A Kafka that is already there (host:port,…); none is started then.",
    )
    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL that is already there (its owner's URL); none is started then.",
    )
    maven_url: str | None = Field(
        default=None,
        validation_alias="CUESTREAM_MAVEN_URL",
        description="Mirror of Maven Central to fetch Kafka's jars from; default: Maven Central.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        validation_alias="CUESTREAM_LOG_LEVEL",
        description="Handed to every process of the stack.",
    )

    @property
    def cache(self) -> Path:
        """The folder that outlives every stack of this user."""
        return self.cache_home.expanduser() / "cuestream"


class SuiteSettings(BaseSettings):
    """What decides on which brokers a test suite runs and what it may leave out."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    stack: Literal["embedded", "containers"] = Field(
        default="embedded",
        validation_alias="TEST_STACK",
        description="`containers`: testcontainers where a Docker engine answers, else embedded.",
    )
    require: Literal["", "all"] = Field(
        default="",
        validation_alias="CUESTREAM_REQUIRE",
        description="`all`: a test whose tool is missing fails instead of being listed as not run.",
    )


class DemoSettings(BaseSettings):
    """What decides how long the demo's shop stays open."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    seconds: float | None = Field(
        default=None,
        validation_alias="DEMO_SECONDS",
        description="Seconds after which the demo ends by itself; default: it runs until Ctrl-C.",
        ge=20,
    )


def inherited_environment() -> dict[str, str]:
    """A copy of this process's environment, for the processes started from here."""
    return dict(os.environ)
