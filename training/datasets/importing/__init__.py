"""Posts of any layout into a dataset folder: see `import_posts`."""

from training.datasets.importing.findings import Findings, Progress
from training.datasets.importing.layouts import KINDS
from training.datasets.importing.posts import import_posts
from training.datasets.importing.summary import ImportSummary

__all__ = ["KINDS", "Findings", "ImportSummary", "Progress", "import_posts"]
