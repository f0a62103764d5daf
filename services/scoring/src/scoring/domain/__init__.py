"""The rules of scoring: pure, without clock, chance or I/O."""
