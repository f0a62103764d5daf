"""How a workspace asks for consent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from common.configuration.identity import Period

ConsentKey = Annotated[
    str,
    StringConstraints(pattern=r"^(email|sms|phone|ads)\.(marketing|transactional|profiling)$"),
]


class ConsentPolicy(BaseModel):
    """`consent:` of a workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confirm_within: Period = timedelta(days=7)
    """How long a double opt-in may be confirmed after it was requested."""
    categories: Mapping[str, tuple[ConsentKey, ...]] = {}
    """What the categories of a site's consent banner (Segment's `categoryPreferences`) allow: `Advertising: [ads.marketing]`."""
