"""The REST routes, one file per area."""
