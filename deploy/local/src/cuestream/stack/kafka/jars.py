"""Kafka's jars: fetched once from Maven Central, checked against `jars.lock`, kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from cuestream.failures import UnreachableError

VERSION = "4.1.1"

Downloaded = Callable[[int, int], None]
"""Told how many bytes of how many are here, while jars are being fetched."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked_jars() -> list[Jar]:
    """What Kafka consists of; the lock is part of this package."""
    text = (files("cuestream.stack.kafka") / "jars.lock").read_text()
    return [_jar(*line.split()) for line in text.splitlines() if not line.startswith("#")]


def _jar(coordinate: str, size: str, sha256: str) -> Jar:
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, int(size), sha256)


def kafka_jars(
    cache: Path, *, maven_url: str | None = None, downloaded: Downloaded | None = None
) -> list[Path]:
    """The paths of all jars, fetching what is not in the cache yet.

    Raises:
        UnreachableError: something is missing and cannot be fetched.
    """
    folder = cache / f"kafka-{VERSION}"
    jars = locked_jars()
    if _missing(folder, jars):
        with _exclusive(folder):  # two stacks starting for the first time fetch once
            _fetch_all(folder, _missing(folder, jars), maven_url, downloaded)
    return [folder / jar.file_name for jar in jars]


def _missing(folder: Path, jars: list[Jar]) -> list[Jar]:
    def complete(jar: Jar) -> bool:
        path = folder / jar.file_name
        return path.exists() and path.stat().st_size == jar.size

    return [jar for jar in jars if not complete(jar)]


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_all(
    folder: Path, jars: list[Jar], maven_url: str | None, downloaded: Downloaded | None
) -> None:
    total, done = sum(jar.size for jar in jars), 0
    with tempfile.TemporaryDirectory(dir=folder) as scratch, ThreadPoolExecutor(4) as pool:
        running: dict[Future[Path], Jar] = {
            pool.submit(_fetch, jar, Path(scratch), maven_url): jar for jar in jars
        }
        try:
            for future in as_completed(running):
                jar = running[future]
                future.result().replace(folder / jar.file_name)
                done += jar.size
                if downloaded is not None:
                    downloaded(done, total)
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            pool.shutdown(cancel_futures=True)
            raise _cannot_fetch(folder, error) from error


def _fetch(jar: Jar, scratch: Path, maven_url: str | None) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415  slow, and needed at the first start only

    context = MavenContext(
        repo_cache=scratch, remote_repos=None if maven_url is None else {"mirror": maven_url}
    )
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    path = component.artifact().resolve()
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != jar.sha256:
        raise RuntimeError(f"{jar.file_name} has SHA-256 {actual}, expected {jar.sha256}")
    return Path(path)


def _cannot_fetch(folder: Path, error: Exception) -> UnreachableError:
    return UnreachableError(
        f"Kafka {VERSION} is not in the cache and could not be downloaded: {error}",
        "Connect this machine once: the download (about 43 MB from Maven Central) is kept in "
        f"{folder}, which may also be copied from another machine.",
        "Behind a proxy set HTTPS_PROXY; for a mirror of Maven Central set CUESTREAM_MAVEN_URL.",
        "Or set KAFKA_BOOTSTRAP_SERVERS to a Kafka that is already running.",
    )
