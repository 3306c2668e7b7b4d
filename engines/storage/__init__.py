"""Storage of objects in a folder or an S3 bucket, behind one Protocol."""
