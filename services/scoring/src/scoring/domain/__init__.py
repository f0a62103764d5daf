"""The rules of scoring: pure, no clock, no chance, no I/O."""
