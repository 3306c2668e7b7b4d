"""File formats, walked before a library reads them: one file a format."""
