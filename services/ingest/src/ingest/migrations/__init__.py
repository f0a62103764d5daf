"""The ingest schema's history."""
