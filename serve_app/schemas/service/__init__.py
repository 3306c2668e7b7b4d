"""API models of the service itself: its models, deployments and API keys."""
