"""The publication of configuration: check it, say what would change, store it, announce it."""
