"""Marks that say in every file how it was made: signing, keys, the log of marks, signed sheets."""
