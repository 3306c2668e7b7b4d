"""One module per file format, which finds the parts of a file and refuses harmful structures."""
