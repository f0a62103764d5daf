"""Recipients, deliveries, addresses with their withdrawals, halts, and the runtime's bookkeeping."""

from __future__ import annotations

from alembic import op

from common.postgres import runtime_tables

revision = "0001"
down_revision = None

TABLES = [
    """
    CREATE TABLE recipients (
        partition int NOT NULL,
        profile_id uuid NOT NULL,
        workspace text NOT NULL,
        version int NOT NULL,
        snapshot bytea,
        email_hash text,
        PRIMARY KEY (partition, profile_id)
    )
    """,
    """
    CREATE TABLE deliveries (
        delivery_id uuid PRIMARY KEY,
        partition int NOT NULL,
        workspace text NOT NULL,
        profile_id uuid NOT NULL,
        marketing boolean NOT NULL,
        delivery bytea NOT NULL,
        state text NOT NULL DEFAULT 'planned' CHECK (state IN (
            'planned', 'held', 'claimed', 'transmitting', 'sent', 'failed', 'unknown', 'skipped')),
        reason text NOT NULL DEFAULT '',
        due_at timestamptz NOT NULL,
        announced text NOT NULL DEFAULT '',
        holds int NOT NULL DEFAULT 0,
        attempts int NOT NULL DEFAULT 0,
        claims int NOT NULL DEFAULT 0,
        claimed_at timestamptz,
        provider text NOT NULL DEFAULT '',
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (fillfactor = 70)
    """,
    # What waits is little against what once was sent; so is what is under way.
    "CREATE INDEX deliveries_due ON deliveries (partition, marketing, due_at) WHERE state IN ('planned', 'held')",
    "CREATE INDEX deliveries_under_way ON deliveries (partition) WHERE state IN ('claimed', 'transmitting')",
    "CREATE INDEX deliveries_of_profile ON deliveries (partition, profile_id)",
    """
    CREATE TABLE addresses (
        workspace text NOT NULL,
        channel text NOT NULL,
        address_hash text NOT NULL,
        withdrawn jsonb NOT NULL DEFAULT '{}',
        suppressed text,
        PRIMARY KEY (workspace, channel, address_hash)
    )
    """,
    """
    CREATE TABLE halts (
        scope text PRIMARY KEY,
        by text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE withdrawals_read (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        next_offset bigint NOT NULL
    )
    """,
]


def upgrade() -> None:
    """Make everything the first release needs."""
    for statement in [*runtime_tables(), *TABLES]:
        op.execute(statement)
