"""Pages of the site that are made of the code: settings, API, command line, SDK, metrics."""
