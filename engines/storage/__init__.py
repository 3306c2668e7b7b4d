"""Where bytes rest: a folder or a bucket behind one Protocol, and the layout of datasets in it."""
