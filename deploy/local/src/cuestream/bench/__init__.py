"""Our rates beside those of bare loops that do the same work: five alternating rounds, median and spread."""
