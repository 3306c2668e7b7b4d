"""Plain ASGI middleware. `stack` has the order and the reasons for it."""
