"""Encodes records as the bytes of one file. Each format has its module."""
