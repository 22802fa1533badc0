"""From features to a bundle; begin with pipeline.py."""
