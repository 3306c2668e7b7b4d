"""Work for a waiting client: deadlines, lost connections, fan-out, lines of progress."""
