"""The whole HTTP stack beside plain diffusers and other servers."""
