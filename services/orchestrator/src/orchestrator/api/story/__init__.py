"""Everything the log knows of one profile, told in time order and in words."""
