"""How good hashtags are: figures, baselines, the report, and measures of the method."""
