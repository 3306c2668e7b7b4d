"""An S3 bucket as `Storage`."""
