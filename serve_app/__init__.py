"""The FastAPI ingress with the REST and WebSocket contract. Knows neither Ray nor torch."""
