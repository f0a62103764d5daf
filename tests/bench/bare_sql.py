"""The statements of the bare loops; `$1` is the loop, arrays carry one element per row."""

from __future__ import annotations

FENCE = """UPDATE partitions SET batch = partitions.batch + 1, backend_pid = pg_backend_pid()
FROM unnest($2::int[], $3::bigint[]) AS mine (partition, batch) WHERE partitions.loop = $1 AND partitions.epoch = 1
AND partitions.partition = mine.partition AND partitions.batch = mine.batch RETURNING partitions.partition"""
LOAD = """SELECT partition, profile_id, workspace, now, state FROM profiles
JOIN unnest($1::int[], $2::uuid[], $3::text[]) AS wanted (partition, profile_id, workspace) USING (partition, profile_id, workspace)"""
SAVE = """INSERT INTO profiles (partition, profile_id, workspace, now, schema, state)
SELECT partition, profile_id, workspace, now, 1, state FROM unnest($1::int[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bytea[])
AS new (partition, profile_id, workspace, now, state) ON CONFLICT (partition, profile_id, workspace)
DO UPDATE SET now = excluded.now, schema = excluded.schema, state = excluded.state"""
ADVANCE = """WITH moved AS (UPDATE positions SET next_offset = new.next_offset, appended_at = new.appended_at
FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::timestamptz[]) AS new (owner, old_offset, next_offset, appended_at)
WHERE loop = $1 AND positions.owner = new.owner AND topic = 'profile.activity' AND positions.next_offset = new.old_offset RETURNING 1
), seen AS (INSERT INTO sequences_seen (loop, owner, topic, partition, origin, last)
SELECT $1, owner, 'profile.activity', owner, origin, last FROM unnest($6::int[], $7::text[], $8::bigint[]) AS new (owner, origin, last)
ON CONFLICT (loop, owner, topic, partition, origin) DO UPDATE SET last = excluded.last
), drawn AS (INSERT INTO sequences_drawn (loop, owner, topic, counters)
SELECT $1, owner, topic, counters::bigint[] FROM unnest($9::int[], $10::text[], $11::text[]) AS new (owner, topic, counters)
ON CONFLICT (loop, owner, topic) DO UPDATE SET counters = excluded.counters
), boxed AS (INSERT INTO outbox (loop, owner, batch, ordinal, topic, partition, key, value, headers) SELECT $1, * FROM unnest(
$12::int[], $13::bigint[], $14::int[], $15::text[], $16::int[], $17::bytea[], $18::bytea[], $19::bytea[])) SELECT count(*) FROM moved"""
PUBLISHED = """DELETE FROM outbox USING unnest($2::int[], $3::bigint[], $4::int[]) AS done (owner, batch, ordinal)
WHERE loop = $1 AND outbox.owner = done.owner AND outbox.batch = done.batch AND outbox.ordinal = done.ordinal"""
BEGIN = """WITH seen AS (INSERT INTO sequences_seen (loop, owner, topic, partition, origin, last) VALUES ($1, $2, $3, $2, '@begin', 0))
INSERT INTO positions (loop, owner, topic, partition, next_offset) VALUES ($1, $2, $3, $2, 0)"""
TAKE = """DELETE FROM timers WHERE ctid = ANY(ARRAY(SELECT due.row
FROM unnest($2::int[], $3::timestamptz[]) AS mine (partition, until) CROSS JOIN LATERAL (
SELECT timers.ctid AS row, due_at, profile_id, name FROM timers
WHERE loop = $1 AND timers.partition = mine.partition AND due_at < mine.until ORDER BY due_at, profile_id, name LIMIT $4
) AS due ORDER BY due.due_at, due.profile_id, due.name LIMIT $4))
RETURNING partition, workspace, profile_id, name, due_at, correlation, traceparent"""
NEXT_DUE = """SELECT earliest.partition, earliest.due_at FROM unnest($2::int[]) AS mine (partition) CROSS JOIN LATERAL (
SELECT timers.partition, due_at FROM timers WHERE loop = $1 AND timers.partition = mine.partition
ORDER BY due_at LIMIT 1) AS earliest"""
