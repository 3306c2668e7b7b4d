"""The service itself on the wire: its models, deployments and API keys."""
