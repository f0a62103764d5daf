"""Brings in what happened elsewhere and long ago: a file's lines as messages of the past, each once."""
