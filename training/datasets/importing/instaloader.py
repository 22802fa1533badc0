"""A folder that instaloader downloaded into, or any of pictures with captions beside them.

A post is a few files of one name: ``….jpg`` or, for an album, ``…_1.jpg``, ``…_2.jpg``; ``….txt``
with the caption, ``….json.xz`` with the metadata. Stories, profile pictures and videos stay out.
"""

import json
import lzma
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recommenders.hashtags import HashtagError, normalise
from training.datasets.format import Post, canonical
from training.datasets.importing import cells, words
from training.datasets.importing.encodings import decode_text
from training.datasets.importing.findings import Findings

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".avif")
_VIDEOS = (".mp4", ".mov", ".webm", ".m4v")
_METADATA = (".json.xz", ".json")
_NUMBERED = re.compile(r"(.+)_(\d{1,2})")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)_UTC")
_NO_PICTURE_OF_A_POST = ("_profile_pic", "_cover")
_NO_CAPTION = re.compile(r".*(_location|_old(_\d+)?)")
_MAX_METADATA = 16 * 2**20

SIGN = re.compile(r".*\.json\.xz|.*_UTC(_\d+)?\.(jpg|jpeg|png|webp|heic|txt|json|mp4)")
"""The names of files that only instaloader gives."""


@dataclass
class _Files:
    """The files of one folder by the name that a post's files share."""

    pictures: dict[str, list[Path]] = field(default_factory=dict)
    captions: dict[str, Path] = field(default_factory=dict)
    metadata: dict[str, Path] = field(default_factory=dict)
    videos: set[str] = field(default_factory=set)


def read(source: Path, findings: Findings) -> Iterator[Post]:
    """Posts of a download folder and the folders in it; a picture of an album is a post each."""
    root = source.resolve()
    for folder, inside, names in os.walk(source):
        stories = [name for name in inside if name.startswith((":", "：", "."))]
        findings.skipped["folders of stories, highlights and the like"] += len(stories)
        inside[:] = sorted(set(inside) - set(stories))
        files = _sorted_out(Path(folder), sorted(names), findings)
        for name in sorted({*files.pictures, *files.captions, *files.metadata}):
            yield from _posts(root, Path(folder), name, files, findings)


def _sorted_out(folder: Path, names: list[str], findings: Findings) -> _Files:
    files = _Files()
    pictures: list[Path] = []
    for name in names:
        path = folder / name
        lower = name.lower()
        if suffix := next((end for end in _METADATA if lower.endswith(end)), None):
            stem = name[: -len(suffix)]
            if not stem.endswith("_comments") and not stem.startswith("iterator_"):
                files.metadata.setdefault(stem, path)
        elif lower.endswith(".txt"):
            if not _NO_CAPTION.fullmatch(path.stem):
                files.captions[path.stem] = path
        elif lower.endswith(_VIDEOS):
            files.videos.add(path.stem)
        elif lower.endswith(PICTURES):
            if path.stem.endswith(_NO_PICTURE_OF_A_POST):
                findings.skipped["profile pictures and covers"] += 1
            else:
                pictures.append(path)
    findings.skipped["videos"] += len(files.videos)
    for path in pictures:
        if path.stem in files.videos:  # a video's still
            continue
        files.pictures.setdefault(_post_of(path.stem, files), []).append(path)
    for name in files.pictures:
        files.pictures[name].sort(key=lambda path: (len(path.stem), path.stem))
    return files


def _post_of(stem: str, files: _Files) -> str:
    """The name of the post whose picture this is: ``…_2`` belongs to ``…`` where that is a post."""
    match = _NUMBERED.fullmatch(stem)
    if match and stem not in files.captions and stem not in files.metadata:
        base = match.group(1)
        if base in files.captions or base in files.metadata or base.endswith("_UTC"):
            return base
    return stem


def _posts(
    root: Path, folder: Path, name: str, files: _Files, findings: Findings
) -> Iterator[Post]:
    where = (folder / name).relative_to(folder.parent).as_posix()
    node = _node(files.metadata.get(name), where, findings)
    if node is None:
        return
    pictures = files.pictures.get(name, [])
    if not pictures and (name in files.videos or node.get("__typename") == "GraphVideo"):
        if name not in files.videos:
            findings.skipped["videos"] += 1
        return
    caption = _caption(node)
    if caption is None and name in files.captions:
        path = files.captions[name]
        try:
            caption = decode_text(path.read_bytes(), path.name, findings)
        except OSError as error:
            findings.problems.add(f"caption cannot be read: {error.strerror}", where)
    if caption is None and not node:
        if pictures:
            findings.problems.add("no caption beside the picture", where)
        return
    post = Post(
        hashtags=canonical(words.in_caption(caption or ""), where, findings.problems),
        likes=cells.likes(_likes(node), where, findings),
        posted_at=cells.moment(_seconds(node), where, findings) or _time_of_name(name),
        search_hashtag=_searched(folder.name),
        album=where if len(pictures) > 1 else None,
    )
    images = [findings.photo(root, _inside(root, path), where) for path in pictures]
    there = [replace(post, image=image) for image in images if image is not None]
    yield from there or [post]


def _inside(root: Path, path: Path) -> str:
    """The picture's name from the source's folder on; the picture may still be a link."""
    return (path.parent.resolve() / path.name).relative_to(root).as_posix()


def _node(path: Path | None, where: str, findings: Findings) -> dict[str, Any] | None:
    """The post's metadata, {} where there is none to read, None where it is of no post."""
    if path is None:
        return {}
    try:
        open_file = lzma.open if path.suffix == ".xz" else open
        with open_file(path, "rb") as file:
            data = file.read(_MAX_METADATA + 1)
        if len(data) > _MAX_METADATA:
            raise ValueError("too large")
        content = json.loads(data)
    except (OSError, EOFError, ValueError, RecursionError, lzma.LZMAError):
        findings.problems.add("metadata cannot be read", where)
        return {}
    kind = _at(content, "instaloader", "node_type")
    if kind not in (None, "Post"):
        findings.skipped["stories" if kind == "StoryItem" else "profiles and the like"] += 1
        return None
    node = _at(content, "node") or content
    if not isinstance(node, dict) or (kind is None and "shortcode" not in node):
        return {}  # somebody else's JSON
    return node


def _at(node: Any, *keys: str | int) -> Any:
    """What lies down a path of nested JSON, None where it ends early."""
    for key in keys:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return None
    return node


def _caption(node: dict[str, Any]) -> str | None:
    for found in (
        _at(node, "edge_media_to_caption", "edges", 0, "node", "text"),
        _at(node, "caption"),
        _at(node, "caption", "text"),
        _at(node, "iphone_struct", "caption", "text"),
    ):
        if isinstance(found, str):
            return found
    return None


def _likes(node: dict[str, Any]) -> int | None:
    if _at(node, "iphone_struct", "like_and_view_counts_disabled") is True:
        return -1  # the number that is given then is that of a few friends
    for found in (
        _at(node, "edge_media_preview_like", "count"),
        _at(node, "edge_liked_by", "count"),
        _at(node, "iphone_struct", "like_count"),
        _at(node, "likes"),
    ):
        if isinstance(found, int):
            return found
    return None


def _seconds(node: dict[str, Any]) -> float | None:
    for key in ("taken_at_timestamp", "date", "taken_at"):
        if isinstance(found := _at(node, key), int | float):
            return found
    return None


def _time_of_name(name: str) -> str | None:
    match = _TIME.search(name)
    return "{}T{}:{}:{}+00:00".format(*match.groups()) if match else None


def _searched(folder: str) -> str | None:
    """instaloader names the folder of a hashtag's posts ``#hashtag``."""
    try:
        return normalise(folder) if folder.startswith("#") else None
    except HashtagError:
        return None
