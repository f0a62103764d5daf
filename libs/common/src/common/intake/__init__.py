"""The way in: fetched bytes become signals; duplicates, poison and strangers are set apart."""
