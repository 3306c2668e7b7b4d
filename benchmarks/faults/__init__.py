"""Faults under load: what the clients of a service hear while its parts are killed, stopped and
filled, and what is left in its data root."""
