"""How steps are run: batches, optimizer, schedules, and the quickest way of a machine."""
