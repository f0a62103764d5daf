"""What came in of each source and what became of it, for whoever asks why something did not arrive."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = [
    """
    CREATE TABLE receptions (
        workspace text NOT NULL,
        source text NOT NULL,
        since timestamptz NOT NULL,
        outcome text NOT NULL,
        what text NOT NULL,
        detail text NOT NULL,
        number bigint NOT NULL,
        last_at timestamptz NOT NULL,
        sample uuid,
        PRIMARY KEY (workspace, source, since, outcome, what, detail)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX receptions_since ON receptions (since)",
    """
    CREATE TABLE last_heard (
        workspace text NOT NULL,
        source text NOT NULL,
        last_at timestamptz NOT NULL,
        PRIMARY KEY (workspace, source)
    )
    """,
    """
    CREATE TABLE set_aside (
        day date NOT NULL,
        place text NOT NULL,
        event_id uuid NOT NULL,
        workspace text NOT NULL,
        source text NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL,
        detail text NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (event_id, place, day)
    ) PARTITION BY RANGE (day)
    """,
    "CREATE TABLE set_aside_other PARTITION OF set_aside DEFAULT",
    """
    CREATE TABLE reception_positions (
        topic text NOT NULL,
        partition int NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition)
    )
    """,
]


def upgrade() -> None:
    """The topics are read from their begin, so that what came before this release counts, too."""
    for statement in TABLES:
        op.execute(statement)
