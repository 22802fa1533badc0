"""A new version of a bundle from what people taught."""
