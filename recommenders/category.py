"""A category of hashtags, and how the part ``knowledge`` of a bundle stores it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recommenders.bundle import Bundle, BundleError


@dataclass(frozen=True)
class Category:
    """What some hashtags are about.

    Attributes:
        name: no other category's; "coffee and tea", or the leading hashtags: boat_water_sailing.
        leaders: the hashtags that lead it. One hashtag may lead several categories.
        posts: how many of the training posts are of it; None where a table made it.
        titles: what people call it, by language (``en``, ``ru``); none where it is called by its
            leaders.
        head: name of the category that it stands under; None for one that stands under none.
        hashtags: the leaders, and behind them those that are at home in it, the weightiest first;
            ``recommenders.knowledge`` fills them in.
    """

    name: str
    leaders: tuple[str, ...]
    posts: int | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    head: str | None = None
    hashtags: tuple[str, ...] = ()


def category_settings(categories: Sequence[Category]) -> list[dict[str, Any]]:
    """Categories as a manifest holds them; what is not there is left out."""
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
    """What ``category_settings`` wrote; leaders that the vocabulary lacks are left out.

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
    # Bundles of earlier versions have their leaders in the name alone.
    leaders = row["leaders"] if "leaders" in row else _in_name(name, known)
    return Category(
        name,
        tuple(tag for tag in map(str, leaders) if tag in known),
        None if posts is None else int(posts),
        {str(language): str(title) for language, title in row.get("titles", {}).items()},
        None if head is None else str(head),
    )


def _in_name(name: str, known: Container[str]) -> list[str]:
    """The hashtags that a name is made of, which may have underscores of their own."""
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
