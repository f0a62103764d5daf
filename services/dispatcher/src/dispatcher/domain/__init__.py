"""The rules of dispatcher: pure, no clock, no chance, no I/O."""
