"""Identities, golden records, the consent ledger, remembered events and the runtime's bookkeeping."""

from __future__ import annotations

from alembic import op

from common.postgres import runtime_tables

revision = "0001"
down_revision = None

TABLES = [
    """
    CREATE TABLE identities (
        workspace text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('user', 'anonymous')),
        value text NOT NULL,
        profile_id uuid,
        PRIMARY KEY (workspace, kind, value)
    )
    """,
    "CREATE INDEX identities_of_profile ON identities (workspace, profile_id)",
    """
    CREATE TABLE profiles (
        workspace text NOT NULL,
        profile_id uuid NOT NULL,
        version int NOT NULL,
        email text,
        record json NOT NULL,
        PRIMARY KEY (workspace, profile_id)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX profiles_by_email ON profiles (workspace, email) WHERE email IS NOT NULL",
    """
    CREATE TABLE consents (
        workspace text NOT NULL,
        profile_id uuid NOT NULL,
        proof_id uuid NOT NULL,
        channel text NOT NULL,
        purpose text NOT NULL,
        granted boolean NOT NULL,
        basis text NOT NULL,
        via text NOT NULL,
        stated_at timestamptz NOT NULL,
        meant_at timestamptz NOT NULL,
        text_version text,
        ip text,
        PRIMARY KEY (workspace, profile_id, proof_id, channel, purpose)
    )
    """,
    """
    CREATE TABLE seen_messages (
        day date NOT NULL,
        workspace text NOT NULL,
        event_id uuid NOT NULL,
        profile_id uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        partition int NOT NULL,
        PRIMARY KEY (event_id, workspace, day)
    ) PARTITION BY RANGE (day)
    """,
    "CREATE TABLE seen_messages_other PARTITION OF seen_messages DEFAULT",
    "CREATE SEQUENCE resolve_draws",
]


def upgrade() -> None:
    """Fill the empty schema."""
    for statement in [*runtime_tables(), *TABLES]:
        op.execute(statement)
