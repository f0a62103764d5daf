"""What a workspace expects of its sources: events held against its tracking plan, and a plan made from what arrived."""

from ingest.domain.tracking.guarding import UNKNOWN, Flaw, Guard, Verdict, guard_of, name_in_plan
from ingest.domain.tracking.strangers import Judge, planned_of

__all__ = ["UNKNOWN", "Flaw", "Guard", "Judge", "Verdict", "guard_of", "name_in_plan", "planned_of"]
