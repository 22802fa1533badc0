"""Features of many photos: cached on disk, computed on every core, indexed by row."""
