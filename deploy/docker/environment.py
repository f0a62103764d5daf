"""Writes .env from .env.example with fresh secrets; needs no more than Python, so that Docker's users need no install."""

from __future__ import annotations

import hashlib
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def filled(template: str) -> str:
    """The same lines, each empty value a new secret; `X_SHA256` is the hash of `X`, which stands before it."""
    values: dict[str, str] = {}
    lines = []
    for line in template.splitlines():
        name, equals, value = line.partition("=")
        if equals and not value and not line.startswith("#"):
            hashed = name.removesuffix("_SHA256")
            known = values.get(hashed, "").encode()
            value = (  # a key's hash is what the processes get
                hashlib.sha256(known).hexdigest() if hashed != name else secrets.token_urlsafe(32)
            )
        values[name] = value
        lines.append(f"{name}{equals}{value}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Exit code 0 when .env is there; one that is there stays as it is."""
    target = ROOT / ".env"
    if target.exists():
        sys.stdout.write(".env is there already and stays as it is\n")
        return 0
    target.touch(mode=0o600)
    target.write_text(filled((ROOT / ".env.example").read_text()))
    sys.stdout.write(".env written; docker compose up --build starts everything\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
