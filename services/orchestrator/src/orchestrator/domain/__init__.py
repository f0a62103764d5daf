"""The rules of orchestrator: pure, no clock, no chance, no I/O."""
