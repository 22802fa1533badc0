"""Posts: the dataset format, and everything that turns other layouts into it."""
