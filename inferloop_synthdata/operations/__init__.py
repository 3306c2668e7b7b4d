"""A function for each REST endpoint. It returns the call as an `Operation`: what to send, how to
read the answer. Both clients use it."""
