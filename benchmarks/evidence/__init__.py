"""Tests reports on datasets with known copies and known distributions; measures time and memory."""
