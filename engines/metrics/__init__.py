"""Image statistics: pure functions of arrays, used by the quality validator and by profiles."""
