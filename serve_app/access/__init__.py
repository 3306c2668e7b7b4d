"""API keys, their scopes and spaces, the limit on wrong keys, tickets, and the audit log."""
