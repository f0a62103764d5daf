"""The live page: decisions as they fall, and the tallies of the last hour."""
