"""The networks and their training targets."""
