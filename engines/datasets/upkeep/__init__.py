"""Delete images and exports, and clean up after crashes."""
