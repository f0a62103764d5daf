"""Sends what was decided, at most once, and reports back."""
