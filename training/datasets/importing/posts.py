"""Any source of posts into the dataset format."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from recommenders.machine import cores
from recommenders.photos import PhotoError
from training.datasets import format
from training.datasets.format import POSTS, DatasetError, Post
from training.datasets.importing.copies import Copies, join_all
from training.datasets.importing.findings import Findings, Progress
from training.datasets.importing.fingerprints import Fingerprint, Fingerprints
from training.datasets.importing.frequencies import choose
from training.datasets.importing.layouts import KINDS, check, detect
from training.datasets.importing.placing import FOLDER, place
from training.datasets.importing.summary import ImportSummary

ORIGIN = "import.json"
"""Says which source a dataset was made from."""
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
    progress: Progress | None = None,
) -> ImportSummary:
    """Turns a source of posts into a dataset folder.

    Photos are linked (or copied) into ``to/images``; the same photo posted twice becomes one post.
    Broken rows are counted and never stop the import. ``posts.jsonl`` is written last, whole or
    not at all; an interrupted import goes on where it stopped when it is run again.

    Args:
        source: a folder or a CSV file.
        to: the dataset's folder; made where it is not there.
        kind: the layout, one of `layouts.KINDS`; recognised where None.
        min_count: hashtags on fewer posts are dropped.
        cap: hashtags on more than this share of the posts are dropped, 0 … 1.
        replace_other: may replace a dataset that was made from another source.
        progress: called with (what is being done, done, total); total is 0 where not known.

    Raises:
        DatasetError: with a sentence that says what is wrong and what to do.
    """
    if min_count < 1:
        raise DatasetError(f"min-count must be 1 or more, not {min_count}.")
    if cap is not None and not 0 < cap <= 1:
        raise DatasetError(f"The cap is a share of the posts, above 0 and up to 1, not {cap}.")
    if kind is not None and kind not in KINDS:
        raise DatasetError(f"{kind} is no kind of source; there are {', '.join(KINDS)}.")
    progress = progress or (lambda doing, done, total: None)
    try:
        kind = kind or detect(source)
        check(source, kind)
        _check_target(source, to, replace_other)
        return _import(source, to, kind, min_count, cap, progress)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise DatasetError(
            f"{what}{error.strerror or type(error).__name__}. What was done so far is kept: run "
            "the same import again when that is put right."
        ) from error


def _import(
    source: Path, to: Path, kind: str, min_count: int, cap: float | None, progress: Progress
) -> ImportSummary:
    findings = Findings()
    posts: list[Post] = []
    without = 0
    for number, post in enumerate(KINDS[kind](source, findings), 1):
        if post.hashtags:
            posts.append(post)
        else:
            without += 1
        if number % _EVERY == 0:
            progress("reading posts", number, 0)
    progress("reading posts", len(posts) + without, len(posts) + without)
    if not posts:
        raise DatasetError(_nothing(source, without, findings))

    (to / FOLDER).mkdir(parents=True, exist_ok=True)
    prints = _fingerprints(posts, to, findings, progress)
    groups = _groups(posts, prints)
    joined = [join_all(posts[index] for index in group) for group in groups]
    chosen = choose(joined, min_count=min_count, cap=cap)
    if not chosen.posts:
        raise DatasetError(
            f"No post has a hashtag left: of {len(joined):,} posts every hashtag is on fewer than "
            f"{min_count} or on more than the capped share. Lower min-count or raise the cap."
        )
    placed = _placed(chosen.posts, prints, to, findings, progress)
    _note_origin(source, to, kind)
    format.write(to, placed)
    return ImportSummary(
        kind=kind,
        posts=len(placed),
        photos=sum(post.image is not None for post in placed),
        hashtags=len({tag for post in placed for tag in post.hashtags}),
        duplicates=findings.repeated + len(posts) - len(joined),
        rare=chosen.rare,
        common=chosen.common,
        without_hashtags=without,
        emptied=chosen.emptied,
        findings=findings,
    )


def _check_target(source: Path, to: Path, replace_other: bool) -> None:
    """A rerun of the same import may replace its dataset; any other dataset is kept."""
    from_, target = source.resolve(), to.resolve()
    if target == from_ or (from_.is_dir() and target.is_relative_to(from_)):
        raise DatasetError(f"{to} lies in the source {source}; choose a folder beside it.")
    if from_.is_relative_to(target / FOLDER):
        raise DatasetError(f"{source} lies where the dataset's photos go; choose another folder.")
    if to.exists() and not to.is_dir():
        raise DatasetError(f"{to} is a file; a dataset is a folder.")
    if replace_other or not (to / POSTS).exists():
        return
    try:
        origin = json.loads((to / ORIGIN).read_bytes())["source"]
    except (OSError, ValueError, KeyError, TypeError):
        origin = None
    if origin != str(from_):
        made = f"made from {origin}" if origin else "that no import made"
        raise DatasetError(
            f"{to} already holds a dataset {made}. Choose another folder, or replace it with "
            "--replace."
        )


def _note_origin(source: Path, to: Path, kind: str) -> None:
    partial = to / f"{ORIGIN}.partial"
    partial.write_text(json.dumps({"source": str(source.resolve()), "kind": kind}) + "\n")
    partial.replace(to / ORIGIN)


def _nothing(source: Path, without: int, findings: Findings) -> str:
    said = f"{source} holds no post with a hashtag"
    said += f" ({without:,} without)." if without else "."
    return " ".join([said, *(f"{line}." for line in findings.problems.lines())])


def _fingerprints(
    posts: list[Post], to: Path, findings: Findings, progress: Progress
) -> dict[Path, Fingerprint]:
    """The fingerprint of every photo; posts lose, in place, a photo that cannot be read."""
    with_photo = [index for index, post in enumerate(posts) if post.image is not None]
    prints: dict[Path, Fingerprint] = {}
    if not with_photo:
        return prints
    workers = min(cores(), 16)
    with Fingerprints(to / FINGERPRINTS) as known:
        pool = ThreadPoolExecutor(workers)
        try:
            for start in range(0, len(with_photo), _BATCH):
                batch = with_photo[start : start + _BATCH]
                paths = [path for index in batch if (path := posts[index].image)]
                for index, path, found in zip(
                    batch, paths, known.of_files(paths, pool), strict=True
                ):
                    if isinstance(found, Fingerprint):
                        prints[path] = found
                        continue
                    posts[index] = replace(posts[index], image=None)
                    _tell(path, found, findings)
                progress("looking at photos", start + len(batch), len(with_photo))
        finally:
            pool.shutdown(cancel_futures=True)
    return prints


def _tell(path: Path, error: PhotoError, findings: Findings) -> None:
    findings.photos_found -= 1
    if error.reason == "unreadable" and not path.exists():
        findings.missing(path.name)
    else:
        findings.problems.add(f"photo: {error}", path.name)


def _groups(posts: Sequence[Post], prints: dict[Path, Fingerprint]) -> list[list[int]]:
    """Posts by photo, in order of the first: indices. A post without a photo stands alone."""
    copies = Copies()
    groups: list[list[int]] = []
    of_photo: dict[int, list[int]] = {}
    for index, post in enumerate(posts):
        if post.image is None:
            groups.append([index])
            continue
        number = copies.find_or_add(prints[post.image])
        if number in of_photo:
            of_photo[number].append(index)
        else:
            of_photo[number] = [index]
            groups.append(of_photo[number])
    return groups


def _placed(
    posts: Sequence[Post],
    prints: dict[Path, Fingerprint],
    to: Path,
    findings: Findings,
    progress: Progress,
) -> list[Post]:
    """The posts with their photos in the dataset's folder; one that vanished meanwhile has none."""
    placed: list[Post] = []
    for number, post in enumerate(posts, 1):
        image = post.image
        if image is not None:
            try:
                image = place(image, prints[image].digest, to)
            except FileNotFoundError:
                findings.photos_found -= 1
                findings.missing(image.name)
                image = None
        placed.append(replace(post, image=image))
        if number % _EVERY == 0 or number == len(posts):
            progress("placing photos", number, len(posts))
    return placed
