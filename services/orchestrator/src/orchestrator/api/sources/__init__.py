"""The page of sources: what came in of each, what was rejected and why, and when it was last heard of."""
