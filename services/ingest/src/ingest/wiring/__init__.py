"""The composition root of ingest: what each process is made of."""
