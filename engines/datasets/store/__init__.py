"""Where a dataset's images lie, the index of them, and how they are stored, uploaded and copied."""
