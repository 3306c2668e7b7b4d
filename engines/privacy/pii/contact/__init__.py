"""Finds names of people, and ways to reach them: addresses, coordinates, phones, e-mail, links."""
