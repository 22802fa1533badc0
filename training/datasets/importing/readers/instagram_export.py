"""Instagram's own export of an account: "Export your information", in the format JSON.

Posts are lists in ``posts_1.json``, ``posts_2.json``, … and ``archived_posts.json``, in a folder
that Instagram renames every other year. A post has ``media`` (several for an album), each with its
``uri`` relative to the export's folder; the caption is the ``title`` of the post, or of its only
picture. The newest ``posts.json`` has pairs of a label and a value instead, the labels in the
account's language. The oldest exports (until 2020) have one ``media.json`` with all photos.

A large export comes in several parts, each its own folder: posts may lie in one and their pictures
in another. Stories, reels and other videos, profile pictures and what was deleted stay out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from training.datasets.format import DatasetError, Post, canonical_hashtags
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import find_photo
from training.datasets.importing.readers.json_values import (
    first_value,
    list_at,
    read_json,
    value_at,
)
from training.datasets.importing.readers.text_values import hashtags_in_caption, parse_date

_ACTIVITY = "your_instagram_activity"
_PLACES = (f"{_ACTIVITY}/media", f"{_ACTIVITY}/content", f"{_ACTIVITY}/posts", "content")
POSTS = re.compile(r"(archived_)?posts(_\d+)?")
"""The names of files that hold posts, without their suffix."""
_OLD_POSTS = "media"
_PHOTOS = "media"
_LEFT_OUT = {
    "stories": "stories",
    "reels": "reels",
    "igtv_videos": "videos",
    "profile_photos": "profile pictures and covers",
    "recently_deleted_content": "deleted posts",
    "reposts": "posts by others",
}
_LEFT_OUT_OF_OLD = {
    "stories": "stories",
    "videos": "videos",
    "profile": _LEFT_OUT["profile_photos"],
}
_VIDEOS = (".mp4", ".mov", ".webm", ".m4v", ".srt")

_URI = (("uri",), ("path",))
_TIME = (("creation_timestamp",), ("timestamp",), ("taken_at",))
_TEXT = (("title",), ("caption",), ("value",))


def is_export(source: Path) -> bool:
    """Whether a folder is such an export, lies in one or holds the parts of one.

    Also an unreadable one, which ``read`` refuses with the reason; it must not be taken for a
    folder of pictures.
    """
    return bool(_files(source, ".json") or _files(source, ".html") or _is_inside(source)) or any(
        (part / _ACTIVITY).is_dir() for part in _folders(source)
    )


def read(source: Path, summary: ImportSummary) -> Iterator[Post]:
    """Posts of an export; each picture of an album is a post.

    Raises:
        DatasetError: if it was exported as web pages or without posts, or is not the whole export.
    """
    if _is_inside(source):
        raise DatasetError(
            f"{source} is a part of Instagram's export: name the folder that contains it, where "
            "the photos are too."
        )
    files = _files(source, ".json")
    if not files:
        if _files(source, ".html"):
            raise DatasetError(
                f"{source} is Instagram's export as web pages (HTML), which programs cannot use. "
                'Ask Instagram for it again ("Export your information") and choose the format '
                "JSON."
            )
        raise DatasetError(
            f"{source} has no posts exported by Instagram (posts_1.json). Name the folder that "
            f"contains {_ACTIVITY}, or ask Instagram for an export that includes your posts."
        )
    parts = list(dict.fromkeys([part for part, _ in files] + _folders(source)))
    root = source.resolve()
    for number, entry in enumerate(_entries(files, summary), 1):
        yield from _posts(entry, f"post {number}", parts, root, summary)


@dataclass
class _Entry:
    """A post as the export's files have it; some have the same post twice.

    Attributes:
        uris: paths of its pictures, relative to the export's folder.
        texts: all that may be its caption.
        time: seconds since 1970 or ISO 8601, None where unknown.
    """

    uris: tuple[str, ...]
    texts: list[str] = field(default_factory=list)
    time: object = None


def _files(source: Path, suffix: str) -> list[tuple[Path, Path]]:
    """The files of posts, each with the part (folder) of the export that it lies in."""
    files: list[tuple[Path, Path]] = []
    for part in _folders(source):
        for place in _PLACES:
            paths = sorted((part / place).glob(f"*{suffix}"))
            files += [(part, path) for path in paths if POSTS.fullmatch(path.stem)]
        if _is_old_list(path := part / f"{_OLD_POSTS}{suffix}"):
            files.append((part, path))
    return files


def _is_inside(source: Path) -> bool:
    """Whether this is a folder of an export, by its name and what lies in it or beside it."""
    folder = source.resolve()
    if (folder / _ACTIVITY).is_dir():
        return False
    photos = folder.name == _PHOTOS and (folder.parent / _ACTIVITY).is_dir()
    if folder.name == _ACTIVITY or photos:
        return True
    names = (path for path in folder.iterdir() if path.suffix in (".json", ".html"))
    return any(map(folder.match, _PLACES)) and any(POSTS.fullmatch(path.stem) for path in names)


def _is_old_list(path: Path) -> bool:
    """Whether this is the oldest exports' list; others call their files media.json too."""
    try:
        return (
            path.suffix == ".json" and value_at(read_json(path), ("photos", 0, "path")) is not None
        )
    except (OSError, ValueError):
        return False


def _folders(source: Path) -> list[Path]:
    """The source and its subfolders, which may be parts of an export."""
    inside = (path for path in source.iterdir() if path.is_dir() and path.name[0] != ".")
    return [source, *sorted(inside)]


def _entries(files: list[tuple[Path, Path]], summary: ImportSummary) -> list[_Entry]:
    """The posts of all files, each once; what else lies beside them is counted."""
    entries: dict[object, _Entry] = {}
    for _, path in files:
        content = _content(path, summary)
        if path.stem == _OLD_POSTS:
            for name, kind in _LEFT_OUT_OF_OLD.items():
                summary.skipped[kind] += len(list_at(content, (name,)))
            posts = _old_entries(list_at(content, ("photos",)))
        else:
            posts = [_entry(item) for item in _list_in(content) if isinstance(item, dict)]
        for entry in posts:
            # A post without media has a key of its own.
            key = entry.uris[:1] or object()
            if (same := entries.setdefault(key, entry)) is not entry:
                same.texts += entry.texts
                same.uris = tuple(dict.fromkeys(same.uris + entry.uris))
    for folder in sorted({path.parent for _, path in files if path.stem != _OLD_POSTS}):
        for path in sorted(folder.glob("*.json")):
            if what := _LEFT_OUT.get(re.sub(r"_\d+$", "", path.stem)):
                summary.skipped[what] += len(_list_in(_content(path, summary)))
    return list(entries.values())


def _content(path: Path, summary: ImportSummary) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError):
        summary.problems.add("file cannot be read", path.name)
        return None


def _list_in(content: Any) -> list[Any]:
    """The list that a file is, or that it wraps in an object: ``{"ig_stories": [ … ]}``."""
    if isinstance(content, dict) and "label_values" not in content:
        return next((value for value in content.values() if isinstance(value, list)), [])
    return content if isinstance(content, list) else [] if content is None else [content]


def _entry(item: dict[str, Any]) -> _Entry:
    labelled = [pair for pair in list_at(item, ("label_values",)) if isinstance(pair, dict)]
    media = list_at(item, ("media",))
    media += [one for pair in labelled for one in list_at(pair, ("media",))]
    texts = (first_value(one, _TEXT, str) for one in (item, *media, *labelled))
    uris = (first_value(one, _URI, str) for one in media)
    return _Entry(
        uris=tuple(dict.fromkeys(uri for uri in uris if uri)),
        texts=[_repaired(text) for text in texts if text],
        time=first_value(item, _TIME, (int, float))
        or next((first_value(one, _TIME, (int, float)) for one in media), None),
    )


def _old_entries(photos: list[Any]) -> list[_Entry]:
    """The posts of ``media.json``, where pictures of an album share caption and time."""
    entries: dict[tuple[object, object], _Entry] = {}
    for photo in photos:
        if uri := first_value(photo, _URI, str):
            text, time = (first_value(photo, keys, str) for keys in (_TEXT, _TIME))
            entry = entries.setdefault((text, time), _Entry((), [_repaired(text or "")], time))
            entry.uris = (*entry.uris, uri)
    return list(entries.values())


def _repaired(text: str) -> str:
    """Undoes the export's encoding of each UTF-8 byte as a character of its own.

    ``\\u00d0\\u00bc`` stands for м. A text that is not so encoded is returned as it is.
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _posts(
    entry: _Entry, where: str, parts: list[Path], root: Path, summary: ImportSummary
) -> Iterator[Post]:
    uris = [uri for uri in entry.uris if not uri.lower().endswith(_VIDEOS)]
    summary.skipped["videos"] += len(entry.uris) - len(uris)
    if entry.uris and not uris:
        return
    tags = [tag for text in entry.texts for tag in hashtags_in_caption(text)]
    post = Post(
        hashtags=canonical_hashtags(tags, where, summary.problems),
        posted_at=parse_date(entry.time, where, summary),
        album=uris[0] if len(uris) > 1 else None,
    )
    names = [_name_inside(uri, parts, root) for uri in uris]
    images = [find_photo(root, name, where, summary) for name in names]
    yield from [replace(post, image=image) for image in images if image is not None] or [post]


def _name_inside(uri: str, parts: list[Path], root: Path) -> str:
    """The picture's path relative to the source, in whichever part of the export it lies."""
    for part in parts:
        try:
            if (part / uri).is_file():
                return (part.resolve() / uri).relative_to(root).as_posix()
        except (OSError, ValueError):  # an impossible name, a part that is a link to elsewhere
            continue
    return uri
