"""Converts any source of posts to the dataset format, step by step."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from recommenders.machine import cores
from training.datasets.albums import whole_posts
from training.datasets.format import (
    POSTS,
    DatasetError,
    Post,
    spelt_alike,
    without_large_albums,
    write_json,
    write_posts,
)
from training.datasets.importing.detect_kind import KINDS, detect_kind
from training.datasets.importing.duplicates import join_duplicates
from training.datasets.importing.fingerprints import Fingerprint, FingerprintFile
from training.datasets.importing.hashtag_limits import drop_hashtags, rare_and_common
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import FOLDER, place_photo
from training.plurals import counted
from training.progress import Progress, silent

ORIGIN = "import.json"
"""A file that names the source of a dataset."""
FINGERPRINTS = "photos.fingerprints"
_BATCH = 128
_EVERY = 1000


def import_posts(
    source: Path,
    to: Path,
    *,
    kind: str | None = None,
    min_count: int = 1,
    cap: float | None = None,
    replace_other: bool = False,
    progress: Progress = silent,
) -> ImportSummary:
    """Turns a source of posts into a dataset folder.

    Photos are linked (or copied) into ``to/images``; the same photo posted twice becomes one post.
    Broken rows are counted and never stop the import. ``posts.jsonl`` is written last, whole or
    not at all; an interrupted import resumes where it stopped when run again.

    Args:
        source: a folder or a CSV file.
        to: the dataset's folder; created if missing.
        kind: the layout, one of ``KINDS``; detected where None.
        min_count: hashtags on fewer posts are dropped.
        cap: hashtags on more than this share of the posts are dropped, 0 … 1.
        replace_other: may replace a dataset that was made from another source.
        progress: called now and then.

    Raises:
        DatasetError: with a sentence that says what is wrong and what to do.
    """
    if min_count < 1:
        raise DatasetError(f"min-count must be 1 or more, not {min_count}.")
    if cap is not None and not 0 < cap <= 1:
        raise DatasetError(f"The cap must be a share of the posts, above 0 and up to 1, not {cap}.")
    if kind is not None and kind not in KINDS:
        raise DatasetError(f"{kind} is not a kind of source; choose from {', '.join(KINDS)}.")
    try:
        if not source.exists():
            raise DatasetError(f"{source} does not exist.")
        if kind not in (None, "csv") and not source.is_dir():
            raise DatasetError(f"{source} is a file; kind {kind} needs a folder.")
        summary = ImportSummary(kind or detect_kind(source))
        _check_target(source, to, replace_other)
        posts = _read(source, summary, progress)
        (to / FOLDER).mkdir(parents=True, exist_ok=True)
        fingerprints = _fingerprints(posts, to, summary, progress)
        joined = join_duplicates(posts, fingerprints)
        summary.duplicates += len(whole_posts(posts)) - len(whole_posts(joined))
        limited = _limited(joined, min_count, cap, summary)
        placed = _placed(limited, fingerprints, to, summary, progress)
        write_json(to / ORIGIN, {"source": str(source.resolve()), "kind": summary.kind})
        write_posts(to, placed)
    except OSError as error:
        # Of a copy that fails, either file may be the reason.
        what = " → ".join(str(name) for name in (error.filename, error.filename2) if name) or to
        raise DatasetError(
            f"{what}: {error.strerror or type(error).__name__}. What was done so far is kept: fix "
            "this and run the same import again."
        ) from error
    summary.posts = len(whole_posts(placed))
    summary.photos = sum(post.image is not None for post in placed)
    summary.hashtags = len({tag for post in placed for tag in post.hashtags})
    return summary


def _check_target(source: Path, to: Path, replace_other: bool) -> None:
    """A rerun of the same import may replace its dataset; any other dataset is kept."""
    # For a loop of links Path.resolve raises RuntimeError.
    from_, target = source.resolve(), Path(os.path.realpath(to))
    if target == from_ or (from_.is_dir() and target.is_relative_to(from_)):
        raise DatasetError(f"{to} is inside the source {source}; choose a folder outside it.")
    if from_.is_relative_to(target / FOLDER):
        raise DatasetError(f"{source} is where the dataset's photos go; choose another folder.")
    if to.exists() and not to.is_dir():
        raise DatasetError(f"{to} is a file; a dataset must be a folder.")
    if replace_other or not (to / POSTS).exists():
        return
    try:
        origin = json.loads((to / ORIGIN).read_bytes())["source"]
    except (OSError, ValueError, KeyError, TypeError):
        origin = None
    if origin != str(from_):
        made = f"made from {origin}" if origin else "not made by an import"
        raise DatasetError(
            f"{to} already holds a dataset {made}. Choose another folder, or replace it with "
            "--replace."
        )


def _read(source: Path, summary: ImportSummary, progress: Progress) -> list[Post]:
    """The posts that have a hashtag."""
    posts: list[Post] = []
    without: list[Post] = []
    number = 0
    for number, post in enumerate(KINDS[summary.kind](source, summary), 1):
        (posts if post.hashtags else without).append(post)
        if number % _EVERY == 0:
            progress("reading posts", number, 0)
    progress("reading posts", number, number)
    summary.without_hashtags = len(whole_posts(without_large_albums(without)))
    if not posts:
        count = f" ({summary.without_hashtags:,} without any)" if number else ""
        raise DatasetError(summary.problems.after(f"{source} has no posts with hashtags{count}."))
    return spelt_alike(without_large_albums(posts))


def _fingerprints(
    posts: list[Post], to: Path, summary: ImportSummary, progress: Progress
) -> dict[Path, Fingerprint]:
    """The fingerprint of every photo; posts lose, in place, a photo that cannot be read."""
    with_photo = [(index, post.image) for index, post in enumerate(posts) if post.image]
    fingerprints: dict[Path, Fingerprint] = {}
    if not with_photo:
        return fingerprints
    with closing(FingerprintFile(to / FINGERPRINTS)) as file:
        pool = ThreadPoolExecutor(min(cores(), 16))
        try:
            for start in range(0, len(with_photo), _BATCH):
                batch = with_photo[start : start + _BATCH]
                results = file.of_photos([path for _, path in batch], pool)
                for (index, path), result in zip(batch, results, strict=True):
                    if isinstance(result, Fingerprint):
                        fingerprints[path] = result
                    else:
                        posts[index] = replace(posts[index], image=None)
                        summary.photos_found -= 1
                        if result.reason == "unreadable" and not path.exists():
                            summary.add_missing_photo(path.name)
                        else:
                            summary.problems.add(f"photo: {result}", path.name)
                progress("checking photos", start + len(batch), len(with_photo))
        finally:
            pool.shutdown(cancel_futures=True)
    return fingerprints


def _limited(
    posts: list[Post], min_count: int, cap: float | None, summary: ImportSummary
) -> list[Post]:
    """The posts without hashtags that are too rare or too common."""
    if min_count == 1 and cap is None:
        return posts
    summary.rare, summary.common = rare_and_common(posts, min_count, cap)
    limited = drop_hashtags(posts, summary.rare + summary.common)
    before = len(whole_posts(posts))
    summary.emptied = before - len(whole_posts(limited))
    if not limited:
        raise DatasetError(
            f"None of {counted(before, 'post')} has a hashtag left: every hashtag is on fewer than "
            f"{min_count} or on more than the capped share. Lower min-count or raise the cap."
        )
    return limited


def _placed(
    posts: list[Post],
    fingerprints: dict[Path, Fingerprint],
    to: Path,
    summary: ImportSummary,
    progress: Progress,
) -> list[Post]:
    """The posts with their photos in the dataset's folder; one that vanished meanwhile has none."""
    placed: list[Post] = []
    for number, post in enumerate(posts, 1):
        image = post.image
        if image is not None:
            try:
                image = place_photo(image, fingerprints[image].digest, to)
            except FileNotFoundError:
                summary.photos_found -= 1
                summary.add_missing_photo(image.name)
                image = None
        placed.append(replace(post, image=image))
        if number % _EVERY == 0 or number == len(posts):
            progress("placing photos", number, len(posts))
    return placed
