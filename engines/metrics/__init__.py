"""Image statistics: pure functions over arrays, shared by the quality validator and profiles."""
