"""The tables that the library keeps in every service's schema; their first migration creates them."""

from __future__ import annotations

# The small tables are updated with every batch: room on each page keeps their updates off the indexes.
_HOT = "WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000)"


def runtime_tables() -> list[str]:
    """The bookkeeping of the consumer runtime, one set of rows per loop."""
    return [
        """
        CREATE TABLE incarnation (
            alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
            id uuid NOT NULL,
            live_since timestamptz NOT NULL
        )
        """,
        f"""
        CREATE TABLE partitions (
            loop text NOT NULL,
            partition int NOT NULL,
            epoch bigint NOT NULL,
            batch bigint NOT NULL,
            backend_pid int NOT NULL,
            PRIMARY KEY (loop, partition)
        ) {_HOT}
        """,
        f"""
        CREATE TABLE positions (
            loop text NOT NULL,
            owner int NOT NULL,
            topic text NOT NULL,
            partition int NOT NULL,
            next_offset bigint NOT NULL,
            appended_at timestamptz,
            PRIMARY KEY (loop, owner, topic, partition)
        ) {_HOT}
        """,
        f"""
        CREATE TABLE sequences_seen (
            loop text NOT NULL,
            owner int NOT NULL,
            topic text NOT NULL,
            partition int NOT NULL,
            origin text NOT NULL,
            last bigint NOT NULL,
            PRIMARY KEY (loop, owner, topic, partition, origin)
        ) {_HOT}
        """,
        f"""
        CREATE TABLE sequences_drawn (
            loop text NOT NULL,
            owner int NOT NULL,
            topic text NOT NULL,
            counters bigint[] NOT NULL,
            PRIMARY KEY (loop, owner, topic)
        ) {_HOT}
        """,
        """
        CREATE TABLE outbox (
            loop text NOT NULL,
            owner int NOT NULL,
            batch bigint NOT NULL,
            ordinal int NOT NULL,
            topic text NOT NULL,
            partition int NOT NULL,
            key bytea,
            value bytea,
            headers bytea NOT NULL,
            PRIMARY KEY (loop, owner, batch, ordinal)
        ) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 10000)
        """,
        """
        CREATE TABLE timers (
            loop text NOT NULL,
            partition int NOT NULL,
            profile_id uuid NOT NULL,
            name text NOT NULL,
            workspace text NOT NULL,
            due_at timestamptz NOT NULL,
            correlation uuid NOT NULL,
            traceparent text,
            PRIMARY KEY (loop, partition, profile_id, name)
        )
        """,
        "CREATE INDEX timers_due ON timers (loop, partition, due_at)",
    ]


def profile_tables(table: str = "profiles") -> list[str]:
    """One row per profile: the aggregate that `ProfileBook` loads and saves."""
    return [
        f"""
        CREATE TABLE {table} (
            partition int NOT NULL,
            profile_id uuid NOT NULL,
            workspace text NOT NULL,
            now timestamptz NOT NULL,
            schema int NOT NULL,
            state bytea NOT NULL,
            PRIMARY KEY (partition, profile_id, workspace)
        ) WITH (fillfactor = 70)
        """,
    ]
