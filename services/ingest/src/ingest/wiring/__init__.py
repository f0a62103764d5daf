"""The composition root of ingest: what each process is made of."""

from ingest.wiring.api import api, worker
from ingest.wiring.resolve import migrate, resolve

__all__ = ["api", "migrate", "resolve", "worker"]
