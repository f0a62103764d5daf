"""What runs beside the loop: waking whom a publication concerns, telling of the shelf whoever looked at a product."""

from orchestrator.jobs.shelves import Shelves
from orchestrator.jobs.waking import AT_ONCE, Waking

__all__ = ["AT_ONCE", "Shelves", "Waking"]
