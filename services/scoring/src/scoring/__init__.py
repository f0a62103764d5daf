"""Derives scores from what profiles do."""
