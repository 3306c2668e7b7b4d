"""Who may do what: keys, scopes, spaces, wrong keys, and the audit log."""
