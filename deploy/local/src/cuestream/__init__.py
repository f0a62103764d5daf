"""The `cuestream` command: local stack, demo, apply, tail, trace, why, bench."""
