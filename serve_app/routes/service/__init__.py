"""Routes of the service itself: health, models, deployments, API keys, tickets, webhooks."""
