"""Jobs: requests that continue when their connection ends, and how they are accepted, run and
watched."""
