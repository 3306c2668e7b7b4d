"""The Ray Serve deployments, which only build and call the engines, and the builder that
composes them."""
