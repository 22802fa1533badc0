"""How good hashtags are: figures, baselines, the report."""
