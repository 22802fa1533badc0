"""A category of hashtags, and how the part ``knowledge`` of a bundle stores categories."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recommenders.bundle import Bundle, BundleError


@dataclass(frozen=True)
class Category:
    """A topic shared by some hashtags.

    Attributes:
        name: unique; "coffee and tea", or the leading hashtags: boat_water_sailing.
        leaders: its leading hashtags. One hashtag may lead several categories.
        posts: how many training posts belong to it; None where it comes from a table.
        titles: its title by language (``en``, ``ru``); empty where the leaders serve as one.
        head: name of the parent category; None at the top.
        hashtags: the leaders, then the other members, the highest weight first;
            ``recommenders.knowledge`` fills them in.
    """

    name: str
    leaders: tuple[str, ...]
    posts: int | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    head: str | None = None
    hashtags: tuple[str, ...] = ()


def category_settings(categories: Sequence[Category]) -> list[dict[str, Any]]:
    """Categories as a manifest stores them; missing values are left out."""
    rows = []
    for one in categories:
        row = {
            "name": one.name,
            "posts": one.posts,
            "leaders": list(one.leaders),
            "titles": dict(one.titles),
            "head": one.head,
        }
        rows.append({key: value for key, value in row.items() if value not in (None, {})})
    return rows


def read_categories(bundle: Bundle) -> tuple[Category, ...]:
    """What ``category_settings`` wrote; leaders not in the vocabulary are left out.

    Raises:
        BundleError: where it is damaged.
    """
    rows = bundle.settings.get("knowledge", {}).get("categories", ())
    known = set(bundle.hashtags)
    try:
        categories = tuple(_category(row, known) for row in rows)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _damaged(bundle) from None
    names = {one.name for one in categories}
    if len(names) < len(categories) or any(
        one.head is not None and (one.head not in names or one.head == one.name)
        for one in categories
    ):
        raise _damaged(bundle)
    return categories


def _category(row: Mapping[str, Any], known: Container[str]) -> Category:
    name, posts, head = str(row["name"]), row.get("posts"), row.get("head")
    # Bundles of earlier versions have the leaders only in the name.
    leaders = row["leaders"] if "leaders" in row else _in_name(name, known)
    return Category(
        name,
        tuple(tag for tag in map(str, leaders) if tag in known),
        None if posts is None else int(posts),
        {str(language): str(title) for language, title in row.get("titles", {}).items()},
        None if head is None else str(head),
    )


def _in_name(name: str, known: Container[str]) -> list[str]:
    """The hashtags joined in a name, which may contain underscores themselves."""
    words = name.split("_")
    leaders: list[str] = []
    while words:
        ends = range(len(words), 0, -1)
        end = next((end for end in ends if "_".join(words[:end]) in known), 1)
        leaders.append("_".join(words[:end]))
        words = words[end:]
    return leaders


def _damaged(bundle: Bundle) -> BundleError:
    return BundleError(
        f"Bundle {bundle.model} is damaged: its categories cannot be read. Fit it again, or take "
        "the bundle from a backup."
    )
