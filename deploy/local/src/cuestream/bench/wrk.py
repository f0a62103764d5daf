"""Load from wrk, which is compiled: it costs the machine so little that the collector is what is measured."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from cuestream.bench.load import Volley
from cuestream.bench.sending import USERS, Load, templates
from cuestream.bench.sides import KEY
from cuestream.failures import FindingError
from cuestream.settings import inherited_environment
from cuestream.stack.ports import LOOPBACK

PACKAGES = ("wrk", "libluajit-5.1-2")
"""Debian's."""
_PATIENCE = 30
"""Seconds for an answer, and for wrk to end after its time."""
_FETCHING = 60


@dataclass(frozen=True, slots=True)
class Wrk:
    """A wrk that runs here."""

    binary: str
    version: str
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"wrk {self.version}"

    async def fire(self, port: int, load: Load, seconds: float) -> Volley:
        """Keep the load's connections busy for so long, in whole seconds; what is under way at the end is left alone.

        Raises:
            FindingError: something else than a 200 was answered, or nothing.
        """
        with tempfile.TemporaryDirectory(prefix="cuestream-bench-") as folder:
            texts = Path(folder) / "templates"
            texts.write_bytes(b"\n".join(templates()) + b"\n")
            with as_file(files("cuestream.bench") / "wrk.lua") as script:
                return await self._fired(port, load, math.ceil(seconds), (script, texts))

    async def _fired(self, port: int, load: Load, seconds: int, given: tuple[Path, Path]) -> Volley:
        script, texts = given
        # Half of the cores at most: the collector needs the others.
        threads = max(1, (os.cpu_count() or 1) // 2)
        process = await asyncio.create_subprocess_exec(
            self.binary,
            *(
                f"--threads={threads}",
                f"--connections={load.connections}",
                f"--duration={seconds}s",
            ),
            *(f"--timeout={_PATIENCE}s", f"--script={script}", f"http://{LOOPBACK}:{port}", "--"),
            *(str(texts), load.path, KEY, str(load.events), str(USERS)),
            env=dict(self.environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(seconds + _PATIENCE):
                told, _ = await process.communicate()
        except TimeoutError as error:
            raise FindingError("wrk did not end.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return volley_of(told.decode("utf-8", "replace"), load)


def volley_of(told: str, load: Load) -> Volley:
    """What wrk's script says of a round.

    Raises:
        FindingError: it says nothing, or not everything was answered with 200.
    """
    words = [line.split() for line in told.splitlines()]
    numbers = {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdecimal()}
    if not {"requests", "microseconds", "refused", "broken"} <= numbers.keys():
        raise FindingError(f"wrk did not run: {told[:300]}")
    requests, refused, broken = (numbers[name] for name in ("requests", "refused", "broken"))
    if refused or broken:
        raise FindingError(
            f"Of {requests} requests {refused} were refused and {broken} were not answered."
        )
    took = [(int(line[1]), int(line[2])) for line in words if line[:1] == ["took"]]
    # More of them than requests: wrk adds, for each long wait, those of the requests that it kept from being sent.
    latencies = [micros / 1e6 for micros, times in took for _ in range(times)]
    return Volley(requests, numbers["microseconds"] / 1e6, latencies, unfinished=load.connections)


def find_wrk(cache: Path, say: Callable[[str], None]) -> Wrk | None:
    """The wrk of this machine, else Debian's packages, unpacked in the cache; None where neither can be had."""
    found = shutil.which("wrk")
    if found is not None:
        return _checked(found, inherited_environment())
    folder = cache / "wrk"
    if not (folder / "usr").is_dir() and not _fetched(folder, say):
        return None
    libraries = ":".join(str(path) for path in sorted((folder / "usr" / "lib").glob("*-linux-*")))
    environment = {**inherited_environment(), "LD_LIBRARY_PATH": libraries}
    return _checked(str(folder / "usr" / "bin" / "wrk"), environment)


def _checked(binary: str, environment: Mapping[str, str]) -> Wrk | None:
    try:
        shown = _run([binary, "--version"], environment=environment)
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = shown.stdout.split()
    return Wrk(binary, words[1].removeprefix("debian/"), environment) if words[:1] == ["wrk"] else None  # fmt: skip


def _fetched(folder: Path, say: Callable[[str], None]) -> bool:
    """Whether apt, which needs no rights for it, could download the packages and dpkg unpack them."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    say("fetching wrk, a generator of load, from Debian")
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            scratch = Path(name)
            _run(["apt-get", "--quiet=2", "download", *PACKAGES], where=scratch).check_returncode()
            for package in scratch.glob("*.deb"):
                _run(["dpkg-deb", "--extract", package.name, "all"], where=scratch).check_returncode()  # fmt: skip
            (scratch / "all").rename(folder)
    except (OSError, subprocess.SubprocessError):
        return (folder / "usr").is_dir()  # another bench may have been faster
    return True


def _run(
    argv: list[str], *, where: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - found on the PATH, or unpacked by us
        argv,
        cwd=where,
        env=dict(environment or inherited_environment()),
        capture_output=True,
        text=True,
        check=False,
        timeout=_FETCHING,
    )
