"""Running of training steps: batches, optimizer, schedules, and the choice of the fastest way."""
