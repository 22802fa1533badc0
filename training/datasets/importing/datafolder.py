"""A folder that is a dataset already: to merge duplicates, drop rare hashtags, make a copy."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from training.datasets import format
from training.datasets.format import Post
from training.datasets.importing.findings import Findings


def read(source: Path, findings: Findings) -> Iterator[Post]:
    """The posts of ``posts.jsonl``."""
    root = source.resolve()
    for number, post in enumerate(format.read(source, findings.problems), 1):
        image = None
        if post.image is not None:
            name = str(post.image.relative_to(source))
            image = findings.photo(root, name, f"post {number}")
        yield replace(post, image=image)
