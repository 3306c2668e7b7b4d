"""Compares the whole service over HTTP with plain diffusers and other servers."""
