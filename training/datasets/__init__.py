"""Posts: the dataset format, what turns other layouts into it, and collecting from Instagram."""
