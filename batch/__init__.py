"""Large batches as a Ray job, over the same engines as the service, with no HTTP."""
