"""Measures the quality and privacy checks: recall, false alarms and cost."""
