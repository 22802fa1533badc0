"""Fine-tuning: a new version of a bundle from what people taught."""
