"""Writers of records: JSONL, Parquet, WebDataset, CSV, COCO, folders by class, image folders."""
