"""Datasets on the wire: declarations, lists of images, exports."""
