"""From records to the bytes of one file, a module for each format."""
