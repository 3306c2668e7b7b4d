"""Sends unusual and damaged files of others through upload, checks and exports."""
