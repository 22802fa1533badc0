"""Features of many photos: cached on the disk, computed on every core, picked row by row."""
