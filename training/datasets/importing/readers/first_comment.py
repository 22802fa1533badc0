"""The hashtags that a post's author put into a comment instead of the caption.

Many do, to keep the caption clean, and they do it at once: the author's first comment with a
hashtag counts, if it came within ``SOON`` seconds of posting. Replies to other people's comments
and comments by others never count.

instaloader writes comments into ``…_comments.json`` (``--comments``), and leaves those that came
with the post in its metadata, in the format of Instagram's website or app.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from training.datasets.importing.readers.json_values import first_value, list_at
from training.datasets.importing.readers.text_values import hashtags_in_caption

SOON = 3600
"""Seconds after a post within which its author's comment belongs to it."""

_PEOPLE = (("owner",), ("user",), ("iphone_struct", "user"))
_IDS = (("id",), ("pk",), ("pk_id",))
_SECONDS = (("created_at",), ("created_at_utc",))
_IN_METADATA = (
    ("edge_media_to_parent_comment", "edges"),
    ("edge_media_to_comment", "edges"),
    ("edge_media_preview_comment", "edges"),
    ("iphone_struct", "preview_comments"),
    ("iphone_struct", "comments"),
)


@dataclass(frozen=True)
class Person:
    """Who wrote a post or a comment, as far as is known.

    Attributes:
        number: the account's number, "" where unknown; it outlasts a change of name.
        name: the account's name in lower case, "" where unknown.
    """

    number: str
    name: str

    def is_same(self, other: "Person") -> bool:
        """Whether both are known to be one account."""
        if self.number and other.number:
            return self.number == other.number
        return self.name != "" and self.name == other.name


def writer_of(node: Any) -> Person:
    """Who wrote a post or a comment."""
    person = first_value(node, _PEOPLE, dict)
    number = first_value(person, _IDS, (int, str))
    name = first_value(person, (("username",),), str)
    return Person("" if number is None else str(number), (name or "").casefold())


def hashtags_of_first_comment(
    metadata: Any, comments: Any, author: Person, posted: float | None
) -> list[str]:
    """The hashtags of the author's first comment that has some; empty where none has.

    Args:
        metadata: the post's own JSON.
        comments: what ``…_comments.json`` holds.
        author: who wrote the post.
        posted: when, in seconds since 1970; None where unknown, and then no comment counts.
    """
    if posted is None:
        return []
    theirs = (
        (seconds, text)
        for comment in _comments(metadata, comments)
        if (seconds := first_value(comment, _SECONDS, (int, float))) is not None
        and posted <= seconds <= posted + SOON  # a difference may be too large for a float
        and isinstance(text := comment.get("text"), str)
        and writer_of(comment).is_same(author)
    )
    tags = (hashtags_in_caption(text) for _, text in sorted(theirs))
    return next((one for one in tags if one), [])


def _comments(metadata: Any, comments: Any) -> Iterator[dict[str, Any]]:
    """The comments on the post itself, without replies to them."""
    for comment in (
        *list_at(comments, ()),
        *(comment for keys in _IN_METADATA for comment in list_at(metadata, keys)),
    ):
        node = comment.get("node", comment) if isinstance(comment, dict) else None
        if isinstance(node, dict):
            yield node
