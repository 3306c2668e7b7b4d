"""How the client reaches the service: connection, retries, streams."""
