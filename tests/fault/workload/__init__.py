"""Seeded visitors whose doings have one known outcome, sent through the real edge by several clients."""
