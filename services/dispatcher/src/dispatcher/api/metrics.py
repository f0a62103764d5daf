"""What operators see of the edge."""

from __future__ import annotations

from prometheus_client import Counter

CONFIRMATIONS = Counter(
    "cuestream_confirmations",
    "Buttons pressed behind the links of mails that ask for consent",
    ["workspace", "outcome"],
)
