"""Planted faults and textbook cases for the evidence of a report; its time and memory."""
