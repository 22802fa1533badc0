"""How good a bundle is, as one page to look at: see `write_report`."""

from training.evaluation.report.page import write_report

__all__ = ["write_report"]
