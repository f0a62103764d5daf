"""The HTTP edge of ingest: the collector, its description, and the look-ups of resolve's port."""
