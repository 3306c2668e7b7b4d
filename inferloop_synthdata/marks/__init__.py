"""Checks of images and datasets that need no service: anybody who has the files can run them."""
