"""Generation: from a validated body to jobs, their events and their images."""
