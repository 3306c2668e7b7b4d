"""The models of requests and answers, and the messages about invalid requests."""
