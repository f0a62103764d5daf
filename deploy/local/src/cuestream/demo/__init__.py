"""The demo: a small shop whose visitors use the real Segment SDK, watched and judged from outside."""
