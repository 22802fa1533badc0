"""Posts of any layout into a dataset folder: see `import_posts`."""

from training.importing.findings import Findings, Progress
from training.importing.layouts import KINDS
from training.importing.posts import import_posts
from training.importing.summary import ImportSummary

__all__ = ["KINDS", "Findings", "ImportSummary", "Progress", "import_posts"]
