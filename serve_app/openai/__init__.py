"""OpenAI's Images API. It only translates: images, budgets and keys are those of `/api/v1`."""
