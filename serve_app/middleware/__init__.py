"""Plain ASGI middleware; `stack` says in which order, and why."""
