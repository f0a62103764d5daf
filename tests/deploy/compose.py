"""docker-compose.yml as Docker would read it: variables filled in from a fresh .env, anchors merged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from common.settings import KafkaSettings
from docs.generator.settings import groups
from tests.architecture.tree import ROOT, SERVICES

TEXT = (ROOT / "docker-compose.yml").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def fresh_environment() -> dict[str, str]:
    """What `make env` would write, but the same each time."""
    values: dict[str, str] = {}
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            secret = hashlib.sha256(values.get(name.removesuffix("_SHA256"), name).encode())
            values[name] = value or secret.hexdigest()
    return values


def interpolated(text: str, environment: Mapping[str, str]) -> str:
    """`${A}`, `${A:-default}` and `${A:?message}` as Compose fills them in."""

    def value(match: re.Match[str]) -> str:
        name, operator, rest = match.groups()
        if environment.get(name):
            return environment[name]
        if operator != "-":
            raise ValueError(f"{name} is not set: {rest}")
        return str(rest)

    return VARIABLE.sub(value, text)


def loaded() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(interpolated(TEXT, fresh_environment()))
    return document


CONTAINERS: dict[str, dict[str, Any]] = loaded()["services"]
OURS = {
    name: container
    for name, container in CONTAINERS.items()
    if container["image"].startswith("cuestream/")
}


def argv(container: Mapping[str, Any]) -> list[str]:
    """What the container runs: the entrypoint, its image's where it names none, and the command."""
    image = container["image"].removeprefix("cuestream/")
    of_image = ["python", "-m", image] if image in SERVICES else [image]
    return [*container.get("entrypoint", of_image), *container.get("command", [])]


def settings_of(container: Mapping[str, Any]) -> type[BaseSettings] | None:
    """The class that says it is what the container's process is told; None: the cuestream command, which has several."""
    match argv(container):
        case ["python", "-m", "common.kafka", "topics"]:
            return KafkaSettings
        case ["python", "-m", service, process]:
            told = f"What `{service} {process}` is told"
            (found,) = [group.cls for group in groups() if group.promise.startswith(told)]
            return found
        case _:
            return None


def mounted(container: Mapping[str, Any]) -> list[Path]:
    """What is mounted from the repository."""
    sources = (str(volume).split(":")[0] for volume in container.get("volumes", []))
    return [ROOT / source for source in sources if source.startswith("./")]
