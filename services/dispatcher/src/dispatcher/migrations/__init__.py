"""The dispatcher's schema, step by step."""
