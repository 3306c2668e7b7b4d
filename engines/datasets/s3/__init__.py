"""A dataset as objects of a user's bucket."""
