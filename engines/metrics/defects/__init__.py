"""Gross defects of a picture, one kind in each module; `defects.py` measures them all."""
