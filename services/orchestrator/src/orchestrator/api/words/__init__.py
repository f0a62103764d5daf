"""Records as sentences: the one place where codes become words, for the page and the command alike."""
