"""Writers of records: JSONL, Parquet, WebDataset."""
