"""The way out: consequences become numbered rows in a transaction, and records on the log after it."""
