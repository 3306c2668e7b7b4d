"""Store, upload, copy and list a dataset's images, and keep the index of a dataset."""
