"""Lists of a dataset's images: filtered, sorted, in pages, without a read for each image."""
