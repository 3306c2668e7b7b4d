"""`serve_app.services` over Ray Serve handles; Ray's errors stop here."""
