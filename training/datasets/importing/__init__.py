"""Posts of any layout into a dataset folder.

- ``importer``: read this first; all steps of an import in order.
- ``detect_kind``: which layout a source has.
- ``readers``: a reader a layout, ``read(source, summary)`` each: ``dataset_folder``, ``harrison``,
  ``instagram_export``, ``instaloader`` (with ``first_comment``), ``csv_table``, ``keywords``.
  ``text_values``: hashtags, likes, dates in text; ``json_values``: values in uncertain JSON.
- ``photo_paths``: photos found in the source and placed in the dataset.
- ``fingerprints``, ``duplicates``: the same photo posted twice becomes one post.
- ``hashtag_limits``: hashtags that are too rare or too common go.
- ``import_summary``: what is counted meanwhile and told at the end.
"""

from training.datasets.importing.detect_kind import KINDS
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.importer import import_posts

__all__ = ["KINDS", "ImportSummary", "import_posts"]
