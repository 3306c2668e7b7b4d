"""The files beside an image or a dataset: verdicts, reviews, descriptions, declarations."""
