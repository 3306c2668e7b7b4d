"""Files on the wire: uploads, downloads, ranges."""
