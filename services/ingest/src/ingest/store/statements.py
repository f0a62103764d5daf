"""The SQL of the book: one statement per table and batch."""

from __future__ import annotations

LOCK_IDENTITIES = """
SELECT workspace, kind, value, profile_id, shared_by FROM identities
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (workspace, kind, value)
USING (workspace, kind, value)
ORDER BY workspace, kind, value
FOR UPDATE OF identities
"""
"""In one order everywhere, so that two batches rarely meet crosswise; where they do, one is tried again."""

PLACE_IDENTITIES = """
INSERT INTO identities (workspace, kind, value)
SELECT workspace, kind, value
FROM unnest($1::text[], $2::text[], $3::text[]) AS new (workspace, kind, value)
ORDER BY workspace, kind, value
ON CONFLICT DO NOTHING
RETURNING workspace, kind, value
"""
"""A row without a profile holds the place of an identifier that is not known yet: only a row can be locked."""

LINK_IDENTITIES = """
UPDATE identities SET profile_id = new.profile_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS new (workspace, kind, value, profile_id)
WHERE identities.workspace = new.workspace AND identities.kind = new.kind
  AND identities.value = new.value
"""

SAVE_SHARING = """
UPDATE identities SET shared_by = new.shared_by
FROM unnest($1::text[], $2::text[], $3::text[], $4::json[]) AS new (workspace, kind, value, shared_by)
WHERE identities.workspace = new.workspace AND identities.kind = new.kind
  AND identities.value = new.value
"""

CLEAR_IDENTITIES = """
DELETE FROM identities
USING unnest($1::text[], $2::text[], $3::text[]) AS unused (workspace, kind, value)
WHERE identities.workspace = unused.workspace AND identities.kind = unused.kind
  AND identities.value = unused.value AND identities.profile_id IS NULL
"""

LOCK_PROFILES = """
SELECT workspace, profile_id, record, now FROM profiles
JOIN unnest($1::text[], $2::uuid[]) AS wanted (workspace, profile_id)
USING (workspace, profile_id)
ORDER BY workspace, profile_id
FOR UPDATE OF profiles
"""

SAVE_PROFILES = """
INSERT INTO profiles (workspace, profile_id, version, email, record, merged_into, now)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::int[], $4::text[], $5::json[], $6::uuid[], $7::timestamptz[]
)
ON CONFLICT (workspace, profile_id) DO UPDATE SET
    version = excluded.version, email = excluded.email, record = excluded.record,
    merged_into = excluded.merged_into, now = excluded.now
"""

TOUCH_PROFILES = """
UPDATE profiles SET now = new.now
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS new (workspace, profile_id, now)
WHERE profiles.workspace = new.workspace AND profiles.profile_id = new.profile_id
"""
"""Most events change nothing of a profile; no index holds this column, so that the row stays on its page."""

RELINK_IDENTITIES = """
UPDATE identities SET profile_id = new.winner
FROM (
    SELECT workspace, kind, value, winner FROM identities
    JOIN unnest($1::text[], $2::uuid[], $3::uuid[]) AS merged (workspace, loser, winner)
      USING (workspace)
    WHERE identities.profile_id = loser
    FOR UPDATE OF identities SKIP LOCKED
) AS new
WHERE identities.workspace = new.workspace AND identities.kind = new.kind
  AND identities.value = new.value
"""
"""Whoever holds one of them waits for the loser's row, and then follows by itself: waiting for it here would be a deadlock."""

MOVE_CONSENTS = """
WITH moved AS (
    DELETE FROM consents
    USING unnest($1::text[], $2::uuid[], $3::uuid[]) AS merged (workspace, loser, winner)
    WHERE consents.workspace = merged.workspace AND consents.profile_id = loser
    RETURNING consents.*, winner
)
INSERT INTO consents (
    workspace, profile_id, proof_id, channel, purpose, granted, basis, via,
    stated_at, meant_at, text_version, ip, step, source, requested_at, confirmed_at, number
)
SELECT workspace, winner, proof_id, channel, purpose, granted, basis, via,
    stated_at, meant_at, text_version, ip, step, source, requested_at, confirmed_at, number
FROM moved
ON CONFLICT DO NOTHING
"""

PLACE_ACCOUNTS = """
INSERT INTO accounts (workspace, account_id, record)
SELECT workspace, account_id, '{}'::json FROM unnest($1::text[], $2::text[]) AS new (workspace, account_id)
ORDER BY workspace, account_id
ON CONFLICT DO NOTHING
"""

LOCK_ACCOUNTS = """
SELECT workspace, account_id, record FROM accounts
JOIN unnest($1::text[], $2::text[]) AS wanted (workspace, account_id) USING (workspace, account_id)
ORDER BY workspace, account_id
FOR UPDATE OF accounts
"""

SAVE_ACCOUNTS = """
UPDATE accounts SET record = new.record
FROM unnest($1::text[], $2::text[], $3::json[]) AS new (workspace, account_id, record)
WHERE accounts.workspace = new.workspace AND accounts.account_id = new.account_id
"""

FIND_SEEN = """
WITH drawn AS MATERIALIZED (SELECT nextval('resolve_draws') AS draw)
SELECT draw, workspace, event_id, profile_id, seen_at, partition
FROM drawn
LEFT JOIN (
    seen_messages
    JOIN unnest($1::text[], $2::uuid[]) AS wanted (workspace, event_id) USING (workspace, event_id)
) ON true
"""
"""Runs after the last lock, as the draw must: replay merges the partitions in the order of the draws."""

SAVE_SEEN = """
INSERT INTO seen_messages (day, workspace, event_id, profile_id, seen_at, partition)
SELECT (seen_at AT TIME ZONE 'UTC')::date, workspace, event_id, profile_id, seen_at, partition
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[])
  AS new (workspace, event_id, profile_id, seen_at, partition)
ON CONFLICT DO NOTHING
"""
"""Whoever finds a row missing afterwards lost a race: see `saving`."""

SAVE_CONSENTS = """
INSERT INTO consents (
    workspace, profile_id, proof_id, channel, purpose, granted, basis, via,
    stated_at, meant_at, text_version, ip, step, source, requested_at, confirmed_at, number
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[],
    $13::text[], $14::text[], $15::timestamptz[], $16::timestamptz[], $17::int[]
)
ON CONFLICT DO NOTHING
"""
