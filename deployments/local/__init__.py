"""The service on one machine: launcher, private Ray, first key, demo."""
