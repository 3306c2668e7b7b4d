"""Requests that outlive their connection: how they are asked for, kept, run and watched."""
