"""Measures gross defects of a picture. Each module measures one kind; `defects.py` calls them
all."""
