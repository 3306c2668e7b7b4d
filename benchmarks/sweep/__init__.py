"""Files that strangers bring, through the whole road."""
