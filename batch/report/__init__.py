"""`report.html`: how a job went."""
