"""Fakes that ship: the real service over models and stores that need nothing."""
