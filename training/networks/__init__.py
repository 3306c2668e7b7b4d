"""The networks and what they are trained towards."""
