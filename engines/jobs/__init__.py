"""Requests that outlive their connection: the record of a job, who goes first, and its stores."""
