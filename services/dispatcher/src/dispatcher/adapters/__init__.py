"""Ports on vendors and on the configuration, one file each."""
