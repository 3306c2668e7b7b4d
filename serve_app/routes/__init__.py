"""One file per area of the REST contract: parse, ask the facade, answer."""
