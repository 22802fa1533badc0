"""Commands that measure the method: ``python -m training.tools.engines --help``."""
