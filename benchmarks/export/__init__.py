"""Exports: speed, memory, uploads."""
