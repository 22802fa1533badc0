"""Posts: the dataset format, importing other layouts, and collecting from Instagram."""
