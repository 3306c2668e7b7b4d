"""From pictures to feature vectors."""
