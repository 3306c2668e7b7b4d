"""The actors: thin Ray Serve deployments over engines/, and the builder that composes them."""
