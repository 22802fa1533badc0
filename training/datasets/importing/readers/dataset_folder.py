"""A folder that is a dataset already, to merge duplicates, drop rare hashtags or copy it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from training.datasets.format import Post, read_posts
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import find_photo


def read(source: Path, summary: ImportSummary) -> Iterator[Post]:
    """The posts of ``posts.jsonl``."""
    root = source.resolve()
    posts = read_posts(source, summary.problems, summary.hyphenated)
    for number, post in enumerate(posts, 1):
        image = None
        if post.image is not None:
            name = str(post.image.relative_to(source))
            image = find_photo(root, name, f"post {number}", summary)
        yield replace(post, image=image)
