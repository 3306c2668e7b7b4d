"""Implements `serve_app.services` with Ray Serve handles, and translates Ray's errors."""
