"""Generation: from a checked body to jobs, their events and their images."""
