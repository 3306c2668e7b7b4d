"""`Storage` in an S3 bucket."""
