"""OpenAI's Images API over the same images, budgets and keys: a translation and nothing more."""
