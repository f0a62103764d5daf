"""The rules of ingest: pure, no clock, no chance, no I/O."""
