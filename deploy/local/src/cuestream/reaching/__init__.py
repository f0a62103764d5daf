"""How commands reach an installation: its apis, its look-ups, its log."""
