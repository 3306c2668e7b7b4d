"""The OpenAPI document: examples, and a description for every field."""
