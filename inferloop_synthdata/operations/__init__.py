"""Every REST endpoint as a value: what to send and how to read the answer."""
