"""Imports posts of any layout into a dataset folder.

- ``importer``: read this first; all steps of an import in order.
- ``detect_kind``: which layout a source has.
- ``readers``: a reader a layout, ``read(source, summary)`` each: ``dataset_folder``, ``harrison``,
  ``instagram_export``, ``instaloader`` (with ``first_comment``), ``csv_table``, ``keywords``.
  ``text_values``: hashtags, likes, dates in text; ``json_values``: values in uncertain JSON.
- ``photo_paths``: finds photos in the source and places them in the dataset.
- ``fingerprints``, ``duplicates``: the same photo posted twice becomes one post.
- ``hashtag_limits``: drops hashtags that are too rare or too common.
- ``import_summary``: counts what is imported and left out, and reports it.
"""

from training.datasets.importing.detect_kind import KINDS
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.importer import import_posts

__all__ = ["KINDS", "ImportSummary", "import_posts"]
