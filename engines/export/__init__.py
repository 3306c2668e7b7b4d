"""Datasets out: JSONL, Parquet, WebDataset and S3, streamed, atomic, with their cards."""
