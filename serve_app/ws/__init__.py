"""The WebSocket. `endpoint` is the route, `connection` its state, `messages` what is received and
sent, `session` the jobs of one client, `subscriptions` the durable jobs that it watches."""
