"""Batch generation as a Ray job, with the same engines as the service and without HTTP."""
