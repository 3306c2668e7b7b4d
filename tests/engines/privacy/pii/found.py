"""What the tests ask of the search for personal data."""

from engines.privacy.pii import PatternPii


def names_in(patterns: PatternPii, text: str) -> list[str]:
    """Return the names that are found in a text."""
    return [match.text for match in patterns.find(text) if match.type == "name"]
