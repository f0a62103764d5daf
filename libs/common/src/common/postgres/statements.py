"""The SQL of the runtime's tables; `$1` is always the loop, arrays carry one element per row."""

from __future__ import annotations

RAISE_EPOCH = """
INSERT INTO partitions (loop, partition, epoch, batch, backend_pid)
VALUES ($1, $2, 1, 0, pg_backend_pid())
ON CONFLICT (loop, partition)
DO UPDATE SET epoch = partitions.epoch + 1, backend_pid = pg_backend_pid()
RETURNING epoch
"""

END_BLOCKERS = "SELECT pg_terminate_backend(pid) FROM unnest(pg_blocking_pids($1)) AS pid"

OWNED = (
    "SELECT partition, epoch, batch FROM partitions WHERE loop = $1 AND partition = ANY($2::int[])"
)

POSITIONS = """
SELECT owner, topic, partition, next_offset, appended_at FROM positions
WHERE loop = $1 AND owner = ANY($2::int[])
"""

SEEN = """
SELECT owner, topic, partition, origin, last FROM sequences_seen
WHERE loop = $1 AND owner = ANY($2::int[])
"""

DRAWN = (
    "SELECT owner, topic, counters FROM sequences_drawn WHERE loop = $1 AND owner = ANY($2::int[])"
)

OUTBOX = """
SELECT owner, batch, ordinal, topic, partition, key, value, headers FROM outbox
WHERE loop = $1 AND owner = ANY($2::int[]) ORDER BY owner, batch, ordinal
"""

NEXT_DUE = """
SELECT earliest.partition, earliest.due_at
FROM unnest($2::int[]) AS mine (partition)
CROSS JOIN LATERAL (
    SELECT timers.partition, timers.due_at FROM timers
    WHERE timers.loop = $1 AND timers.partition = mine.partition
    ORDER BY timers.due_at LIMIT 1
) AS earliest
"""

# The values are written into it, because a statement without arguments goes on the same way as BEGIN.
FENCE = """
UPDATE partitions SET batch = partitions.batch + 1, backend_pid = pg_backend_pid()
FROM (VALUES {mine}) AS mine (partition, epoch, batch)
WHERE partitions.loop = '{loop}' AND partitions.partition = mine.partition
  AND partitions.epoch = mine.epoch AND partitions.batch = mine.batch
"""

CHECK = """
SELECT partitions.partition FROM partitions
JOIN unnest($2::int[], $3::bigint[], $4::bigint[]) AS mine (partition, epoch, batch)
  ON partitions.partition = mine.partition
 AND partitions.epoch = mine.epoch AND partitions.batch = mine.batch
WHERE partitions.loop = $1
"""

# By ctid, because only the partition's owner writes its timers, and it holds the fence.
TAKE_TIMERS = """
DELETE FROM timers WHERE ctid = ANY(ARRAY(
    SELECT due.row
    FROM unnest($2::int[], $3::timestamptz[]) AS mine (partition, until)
    CROSS JOIN LATERAL (
        SELECT timers.ctid AS row, timers.due_at, timers.profile_id, timers.name FROM timers
        WHERE timers.loop = $1 AND timers.partition = mine.partition
          AND timers.due_at < mine.until
        ORDER BY timers.due_at, timers.profile_id, timers.name LIMIT $4
    ) AS due
    ORDER BY due.due_at, due.profile_id, due.name LIMIT $4
))
RETURNING partition, workspace, profile_id, name, due_at, correlation, traceparent
"""

CHANGE_TIMERS = """
WITH cancelled AS (
    DELETE FROM timers
    USING unnest($2::int[], $3::uuid[], $4::text[]) AS gone (partition, profile_id, name)
    WHERE timers.loop = $1 AND timers.partition = gone.partition
      AND timers.profile_id = gone.profile_id AND timers.name = gone.name
)
INSERT INTO timers (loop, partition, profile_id, name, workspace, due_at, correlation, traceparent)
SELECT $1, * FROM unnest(
    $5::int[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[], $10::uuid[], $11::text[]
)
ON CONFLICT (loop, partition, profile_id, name)
DO UPDATE SET workspace = excluded.workspace, due_at = excluded.due_at,
              correlation = excluded.correlation, traceparent = excluded.traceparent
"""


def _delete_published(first: int) -> str:
    """Of the loop $1; the rows' keys are the arguments from that number on."""
    owners, batches, ordinals = (f"${first + number}" for number in range(3))
    return f"""
    DELETE FROM outbox
    USING unnest({owners}::int[], {batches}::bigint[], {ordinals}::int[]) AS done (owner, batch, ordinal)
    WHERE outbox.loop = $1 AND outbox.owner = done.owner
      AND outbox.batch = done.batch AND outbox.ordinal = done.ordinal
"""  # noqa: S608 - numbers of ours


# One statement, because each round trip would lengthen every batch.
ADVANCE = f"""
WITH moved AS (
    UPDATE positions SET next_offset = new.next_offset, appended_at = new.appended_at
    FROM unnest($2::int[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::timestamptz[])
      AS new (owner, topic, partition, old_offset, next_offset, appended_at)
    WHERE positions.loop = $1 AND positions.owner = new.owner AND positions.topic = new.topic
      AND positions.partition = new.partition AND positions.next_offset = new.old_offset
    RETURNING positions.owner, positions.topic, positions.partition
), begun AS (
    INSERT INTO positions (loop, owner, topic, partition, next_offset, appended_at)
    SELECT $1, * FROM unnest($8::int[], $9::text[], $10::int[], $11::bigint[], $12::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING owner, topic, partition
), seen AS (
    INSERT INTO sequences_seen (loop, owner, topic, partition, origin, last)
    SELECT $1, * FROM unnest($13::int[], $14::text[], $15::int[], $16::text[], $17::bigint[])
    ON CONFLICT (loop, owner, topic, partition, origin) DO UPDATE SET last = excluded.last
), drawn AS (
    INSERT INTO sequences_drawn (loop, owner, topic, counters)
    SELECT $1, owner, topic, counters::bigint[]
    FROM unnest($18::int[], $19::text[], $20::text[]) AS new (owner, topic, counters)
    ON CONFLICT (loop, owner, topic) DO UPDATE SET counters = excluded.counters
), boxed AS (
    INSERT INTO outbox (loop, owner, batch, ordinal, topic, partition, key, value, headers)
    SELECT $1, * FROM unnest(
        $21::int[], $22::bigint[], $23::int[], $24::text[], $25::int[],
        $26::bytea[], $27::bytea[], $28::bytea[]
    )
), gone AS ({_delete_published(29)})
SELECT owner, topic, partition FROM moved UNION ALL SELECT owner, topic, partition FROM begun
"""  # noqa: S608 - as above

PUBLISHED = _delete_published(2)

TAKE_THESE = """
DELETE FROM timers
USING unnest($2::int[], $3::uuid[], $4::text[], $5::timestamptz[])
  AS wanted (partition, profile_id, name, due_at)
WHERE timers.loop = $1 AND timers.partition = wanted.partition
  AND timers.profile_id = wanted.profile_id AND timers.name = wanted.name
  AND timers.due_at = wanted.due_at
RETURNING timers.partition, timers.workspace, timers.profile_id, timers.name, timers.due_at,
          timers.correlation, timers.traceparent
"""

ANY_PARTITION = "SELECT 1 FROM partitions WHERE loop = $1 LIMIT 1"

KNOWN = "SELECT partition FROM partitions WHERE loop = $1 ORDER BY partition"

BATCHES = "SELECT partition, batch FROM partitions WHERE loop = $1 AND partition = ANY($2::int[])"

LIVE = "UPDATE incarnation SET id = $1::text::uuid, live_since = coalesce($2, live_since)"

DRAW_FROM = """
INSERT INTO sequences_drawn (loop, owner, topic, counters)
SELECT $1, owner, topic, counters::bigint[]
FROM unnest($2::int[], $3::text[], $4::text[]) AS new (owner, topic, counters)
ON CONFLICT (loop, owner, topic) DO UPDATE SET counters = ARRAY(
    SELECT greatest(coalesce(was, 0), coalesce(is_now, 0))
    FROM unnest(sequences_drawn.counters, excluded.counters) WITH ORDINALITY AS both_ (was, is_now, place)
    ORDER BY place
)
"""

RELEASED = """
SELECT partition FROM partitions
WHERE loop = $1 AND partition = ANY($2::int[]) AND backend_pid = 0
"""

HELD = """
SELECT mine.partition, (
    SELECT count(*) FROM (
        SELECT FROM timers
        WHERE timers.loop = $1 AND timers.partition = mine.partition
          AND timers.due_at < mine.until
        LIMIT $4
    ) AS few
) AS held
FROM unnest($2::int[], $3::timestamptz[]) AS mine (partition, until)
"""

MEASURE = """
SELECT (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'timers'::regclass) AS timers,
       (SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)
        FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
       ) AS oldest
"""
