"""The deployment classes: each builds an engine from its config and forwards to it."""
