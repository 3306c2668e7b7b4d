"""Finding, loading and keeping models and their adapters."""
