"""The language of prompts: the things, places and words that the model knows."""
