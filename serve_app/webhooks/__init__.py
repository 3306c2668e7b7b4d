"""Webhooks: job events are signed and sent to those internet servers that the config allows."""
