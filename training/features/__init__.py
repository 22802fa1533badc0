"""Features of many photos: the cache, computing them on every core, picking rows of them."""
