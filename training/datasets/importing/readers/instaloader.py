"""A folder that instaloader downloaded into, or any other of pictures with caption files.

A post's files share a name: ``….jpg`` or, for an album, ``…_1.jpg``, ``…_2.jpg``; ``….txt`` with
the caption, ``….json.xz`` with the metadata, ``…_comments.json`` with the comments, of which its
author's first may hold the hashtags. Stories, profile pictures and videos are left out.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from recommenders.photos import SUFFIXES
from training.datasets.format import DatasetError, Post, canonical_hashtags, read_text
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import count_linked_folders, find_photo
from training.datasets.importing.readers.first_comment import (
    Person,
    hashtags_of_first_comment,
    writer_of,
)
from training.datasets.importing.readers.json_values import first_value, read_json, value_at
from training.datasets.importing.readers.text_values import (
    hashtag_or_none,
    hashtags_in_caption,
    parse_date,
    parse_likes,
)

SIGN = re.compile(r".*\.json\.xz|.*_UTC(_\d+)?\.(jpg|jpeg|png|webp|heic|txt|json|mp4)")
"""File names that only instaloader produces."""

_VIDEOS = (".mp4", ".mov", ".webm", ".m4v")
_OTHER_PICTURES = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".jp2", ".jxl", ".nef", ".nrw", ".orf"),
    *(".pef", ".psd", ".raf", ".raw", ".rw2", ".rwl", ".srw", ".svg", ".tga", ".x3f", ".xcf"),
    *(".3gp", ".avi", ".flv", ".m2ts", ".mkv", ".mpeg", ".mpg", ".mts", ".ogv", ".wmv"),
}
"""Suffixes of pictures and films that are not read."""
_METADATA = (".json.xz", ".json")
_NUMBERED = re.compile(r"(.+)_(\d{1,2})")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)_UTC")
_NO_PICTURE_OF_A_POST = ("_profile_pic", "_cover")
_NO_CAPTION = re.compile(r".*(_location|_old(_\d+)?)")
_COMMENTS = "_comments"

# Where versions of instaloader and of Instagram's own interface put things.
_CAPTIONS = (
    ("edge_media_to_caption", "edges", 0, "node", "text"),
    ("caption",),
    ("caption", "text"),
    ("iphone_struct", "caption", "text"),
)
_LIKES = (
    ("edge_media_preview_like", "count"),
    ("edge_liked_by", "count"),
    ("iphone_struct", "like_count"),
    ("likes",),
)
_LIKES_ARE_HIDDEN = ("iphone_struct", "like_and_view_counts_disabled")
_SECONDS = (("taken_at_timestamp",), ("date",), ("taken_at",))


@dataclass
class _Files:
    """The files of one folder, by the name that a post's files share."""

    pictures: dict[str, list[Path]] = field(default_factory=dict)
    captions: dict[str, Path] = field(default_factory=dict)
    metadata: dict[str, Path] = field(default_factory=dict)
    comments: dict[str, Path] = field(default_factory=dict)
    videos: set[str] = field(default_factory=set)


def read(source: Path, summary: ImportSummary) -> Iterator[Post]:
    """Posts of a download folder and its subfolders; each picture of an album is a post."""
    root = source.resolve()
    for folder, inside, names in os.walk(source):
        stories = [name for name in inside if name.startswith((":", "：", "."))]
        summary.skipped["folders of stories, highlights and the like"] += len(stories)
        inside[:] = sorted(set(inside) - set(stories))
        count_linked_folders(source, Path(folder), inside, summary)
        files = _sort_files(Path(folder), sorted(names), summary)
        for name in sorted({*files.pictures, *files.captions, *files.metadata}):
            yield from _posts(root, Path(folder), name, files, summary)


def _sort_files(folder: Path, names: list[str], summary: ImportSummary) -> _Files:
    files = _Files()
    pictures: list[Path] = []
    others: list[Path] = []
    for name in names:
        path = folder / name
        lower = name.lower()
        if suffix := next((end for end in _METADATA if lower.endswith(end)), None):
            stem = name[: -len(suffix)]
            if stem.endswith(_COMMENTS):
                files.comments.setdefault(stem.removesuffix(_COMMENTS), path)
            elif not stem.startswith("iterator_"):
                files.metadata.setdefault(stem, path)
        elif lower.endswith(".txt"):
            if not _NO_CAPTION.fullmatch(path.stem):
                files.captions[path.stem] = path
        elif lower.endswith(_VIDEOS):
            files.videos.add(path.stem)
        elif path.suffix.lower() in SUFFIXES:
            if path.stem.endswith(_NO_PICTURE_OF_A_POST):
                summary.skipped["profile pictures and covers"] += 1
            else:
                pictures.append(path)
        elif path.suffix.lower() in _OTHER_PICTURES:
            others.append(path)
    without_picture = files.captions.keys() - files.videos - {path.stem for path in pictures}
    for path in others:
        if path.stem in without_picture:
            summary.problems.add("file of a format that is not read", path.name)
    summary.skipped["videos"] += len(files.videos)
    for path in sorted(pictures, key=lambda path: (len(path.stem), path.stem)):
        if path.stem not in files.videos:  # else it is a video's thumbnail
            files.pictures.setdefault(_post_name(path.stem, files), []).append(path)
    return files


def _post_name(stem: str, files: _Files) -> str:
    """The name of the post whose picture this is: ``…_2`` belongs to ``…`` where that is a post."""
    match = _NUMBERED.fullmatch(stem)
    if match and stem not in files.captions and stem not in files.metadata:
        base = match.group(1)
        if base in files.captions or base in files.metadata or base.endswith("_UTC"):
            return base
    return stem


def _posts(
    root: Path, folder: Path, name: str, files: _Files, summary: ImportSummary
) -> Iterator[Post]:
    where = (folder / name).relative_to(folder.parent).as_posix()
    node = _node(files.metadata.get(name), where, summary)
    if node is None:
        return
    pictures = files.pictures.get(name, [])
    if not pictures and (name in files.videos or node.get("__typename") == "GraphVideo"):
        if name not in files.videos:
            summary.skipped["videos"] += 1
        return
    caption = first_value(node, _CAPTIONS, str)
    if caption is None and name in files.captions:
        try:
            caption = read_text(files.captions[name], summary.problems)
        except OSError as error:
            summary.problems.add(f"caption cannot be read: {error.strerror}", where)
        except DatasetError:
            summary.problems.add("caption is not text", where)
    if caption is None and not node and name not in files.comments:
        if pictures:
            summary.problems.add("no caption beside the picture", where)
        return
    # Where likes are hidden, the number is that of a few friends.
    likes = -1 if value_at(node, _LIKES_ARE_HIDDEN) is True else first_value(node, _LIKES, int)
    posted_at = parse_date(first_value(node, _SECONDS, (int, float)), where, summary)
    posted_at = posted_at or _time_of_name(name)
    tags = [
        *hashtags_in_caption(caption or ""),
        *_first_comment(node, folder, files.comments.get(name), posted_at, where, summary),
    ]
    post = Post(
        hashtags=canonical_hashtags(tags, where, summary.problems),
        likes=parse_likes(likes, where, summary),
        posted_at=posted_at,
        # instaloader names the folder of a hashtag's posts #hashtag.
        search_hashtag=hashtag_or_none(folder.name) if folder.name.startswith("#") else None,
        album=_name_inside(root, folder / name) if len(pictures) > 1 else None,
    )
    images = [find_photo(root, _name_inside(root, path), where, summary) for path in pictures]
    yield from [replace(post, image=image) for image in images if image is not None] or [post]


def _first_comment(
    node: dict[str, Any],
    folder: Path,
    path: Path | None,
    posted_at: str | None,
    where: str,
    summary: ImportSummary,
) -> list[str]:
    """The hashtags of the author's first comment, from the file of comments or the metadata."""
    comments = None
    if path is not None:
        try:
            comments = read_json(path)
        except (OSError, ValueError):
            summary.problems.add("comments cannot be read", where)
    author = writer_of(node)
    if author == Person("", ""):  # instaloader names the folder of a profile's posts after it
        author = Person("", folder.resolve().name.casefold())
    posted = None if posted_at is None else datetime.fromisoformat(posted_at).timestamp()
    return hashtags_of_first_comment(node, comments, author, posted)


def _name_inside(root: Path, path: Path) -> str:
    """A path relative to the source; a picture itself may be a link."""
    return (path.parent.resolve() / path.name).relative_to(root).as_posix()


def _node(path: Path | None, where: str, summary: ImportSummary) -> dict[str, Any] | None:
    """The post's metadata, {} if there is none that can be read, None if it is not of a post."""
    if path is None:
        return {}
    try:
        content = read_json(path)
    except (OSError, ValueError):
        summary.problems.add("metadata cannot be read", where)
        return {}
    kind = value_at(content, ("instaloader", "node_type"))
    if kind not in (None, "Post"):
        summary.skipped["stories" if kind == "StoryItem" else "profiles and the like"] += 1
        return None
    node = value_at(content, ("node",)) or content
    if not isinstance(node, dict) or (kind is None and "shortcode" not in node):
        return {}  # somebody else's JSON
    return node


def _time_of_name(name: str) -> str | None:
    match = _TIME.search(name)
    if match is None:
        return None
    try:
        return datetime.fromisoformat("{}T{}:{}:{}+00:00".format(*match.groups())).isoformat()
    except ValueError:  # somebody's own numbers
        return None
