"""C2PA marks in image files: signing, keys, the log of marks, watermarks, signed data sheets."""
