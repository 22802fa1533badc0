"""Which posts of a dataset are trained on, and which are measured on."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from training.datasets.format import (
    SPLITS,
    VALIDATION,
    DatasetError,
    Location,
    Post,
    Problems,
    check_hashtags,
)
from training.fitting.fit_engine import ONE_MACHINE, FitEngine

TEST_SHARE = 0.1
"""Of the posts, where a dataset names no split."""


def posts_of(
    folder: Location,
    split: str,
    problems: Problems | None = None,
    engine: FitEngine = ONE_MACHINE,
) -> list[Post]:
    """The posts of a dataset's split; those of the validation split belong to ``train`` too.

    A post of a split of another name, which may be misspelt, is counted as a problem of ``train``.

    Where the dataset names no splits, a tenth of its photos, drawn by their names, are the test
    split; train has all others.

    Raises:
        DatasetError: where no post has a hashtag, or there is no such split, or no post in it.
    """
    problems = Problems() if problems is None else problems
    posts = engine.read_posts(folder, problems)
    check_hashtags(posts, problems)
    no_posts = f"{folder} has no posts in its {split!r} split"
    named = sorted({post.split for post in posts if post.split})
    if named:
        of_split = {split, VALIDATION} if split == "train" else {split}
        chosen = [post for post in posts if (post.split or "train") in of_split]
        if not chosen:
            raise DatasetError(f"{no_posts}: its posts name {' and '.join(named)}.")
        for post in posts if split == "train" else ():
            if post.split and post.split not in SPLITS.values():
                problems.add("split is not train, validation or test, so not fitted on", post.split)
        return chosen
    if split not in SPLITS.values():
        raise DatasetError(f"{folder} names no splits: choose train or test, not {split!r}.")
    test = drawn(posts, TEST_SHARE)
    apart = set(test)
    chosen = test if split == "test" else [post for post in posts if post not in apart]
    if not chosen:
        raise DatasetError(
            f"{no_posts}: it names none, so about a tenth of its photos are drawn for test. Draw "
            'them yourself: give each post a "split", train or test.'
        )
    return chosen


def drawn(posts: Sequence[Post], share: float, draw: str = "") -> list[Post]:
    """A share of posts, drawn by the names of their photos.

    The pictures of an album stay together: they carry the same hashtags. Where names that several
    files share draw less than half of the share or more than twice as much (``post1/photo.jpg`` and
    ``post2/photo.jpg``), their folders count too.

    Args:
        draw: another text draws other posts.
    """
    images = {post.image for post in posts if post.image}

    def drawn_by(name_of: Mapping[Path, str]) -> list[Post]:
        def number(post: Post) -> int:
            key = post.album or (name_of[post.image] if post.image else " ".join(post.hashtags))
            # The name of an album's folder may not be UTF-8.
            return zlib.crc32(f"{draw}{key}".encode("utf-8", "surrogatepass"))

        return [post for post in posts if number(post) % 1000 < share * 1000]

    by_name = drawn_by({image: image.name for image in images})
    wanted = share * len(posts)
    return by_name if wanted / 2 <= len(by_name) <= wanted * 2 else drawn_by(_names(images))


def _names(images: Iterable[Path]) -> dict[Path, str]:
    """The name of each photo, with those of its folders that tell it from photos of that name."""
    names: dict[Path, str] = {}
    left, parts = set(images), 1
    while left:
        name_of = {image: "/".join(image.parts[-parts:]) for image in left}
        named = Counter(name_of.values())
        names |= {image: name for image, name in name_of.items() if named[name] == 1}
        left.difference_update(names)
        parts += 1
    return names
