"""The batch job beside the bare engine and an HTTP loop."""
