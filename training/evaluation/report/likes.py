"""The report's section on likes: by hashtags of the post, by search hashtag, ratings against likes.

Likes span orders of magnitude, so their axis is logarithmic.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from recommenders.ratings import ratings
from training.datasets.albums import whole_posts
from training.datasets.format import Post
from training.evaluation.report.charts import TOP, WIDTH, Axis, frame, text_at
from training.fitting.ratings import uses_of
from training.fitting.vocabulary import vocabulary
from training.plurals import counted, to_a_tenth

SEARCHED = 20
"""Search hashtags on the page: those with most posts."""
LONGEST = 30
"""Hashtags of a post, Instagram's limit for long; posts with more are counted here."""
DOTS = 800
"""Uses on the page; more would hide each other."""
_LEFT, _RIGHT = 46, WIDTH - 14


@dataclass(frozen=True)
class Dot:
    """A dot of a chart: where, and what a pointer over it shows."""

    x: float
    y: float
    tooltip: str


def likes_of_posts(posts: Iterable[Post]) -> str:
    """The section as HTML; "" where no post's likes are known."""
    liked = [post for post in whole_posts(posts) if post.likes is not None and post.hashtags]
    if not liked:
        return ""
    cards = [
        ("Likes by number of hashtags", _by_length(liked)),
        ("Rating against likes, use by use", _by_rating(liked)),
    ]
    charts = "".join(
        f'<div class="card"><h3>{title}</h3>{chart}</div>' for title, chart in cards if chart
    )
    return (
        f"<p>Posts of the dataset whose likes are known: {len(liked):,}. A rating compares one use "
        "of a hashtag with its other uses: likes divided by the post’s number of hashtags, from 0 "
        "for the least to 1 for the most, times the logarithm of how often the hashtag is used. "
        "Likes of photos sent to the bot are unknown.</p>"
        f'<div class="two">{charts}{_by_search(liked)}</div>'
    )


def _by_length(posts: Sequence[Post]) -> str:
    likes_by_length: dict[int, list[int]] = defaultdict(list)
    for post in posts:
        likes_by_length[min(len(post.hashtags), LONGEST)].append(post.likes or 0)
    dots = []
    for length, likes in sorted(likes_by_length.items()):
        median = float(np.median(likes))
        hashtags = counted(length, "hashtag") + (" or more" if length == LONGEST else "")
        tooltip = f"{hashtags}: {counted(len(likes), 'post')}, median {to_a_tenth(median)} likes"
        dots.append(Dot(length, median, tooltip))
    return chart(
        dots,
        Axis("hashtags per post", dots[0].x, dots[-1].x),
        Axis("median likes", 0, max(dot.y for dot in dots), logarithmic=True),
        joined=True,
    )


def _by_rating(posts: Sequence[Post]) -> str:
    hashtags = vocabulary(post.hashtags for post in posts)
    uses = uses_of(posts, hashtags)
    rated = ratings(uses)
    # A hashtag used once tells nothing.
    shown = np.flatnonzero(uses.counts[uses.hashtag] > 1)
    if not len(shown):
        return ""
    if len(shown) > DOTS:
        shown = np.sort(np.random.default_rng(0).choice(shown, DOTS, replace=False))
    dots = [
        Dot(
            float(uses.likes[row]),
            float(rated[row]),
            f"#{hashtags[uses.hashtag[row]]}: {uses.likes[row]:,.0f} likes among "
            f"{counted(int(uses.post_hashtags[row]), 'hashtag')}, rating {rated[row]:.2f}",
        )
        for row in shown
    ]
    return chart(
        dots,
        Axis("likes of the post", 0, max(dot.x for dot in dots), logarithmic=True),
        Axis("rating", 0, max(dot.y for dot in dots)),
    )


def _by_search(posts: Sequence[Post]) -> str:
    by_hashtag: dict[str, list[int]] = defaultdict(list)
    for post in posts:
        if post.search_hashtag is not None:
            by_hashtag[post.search_hashtag].append(post.likes or 0)
    if not by_hashtag:
        return ""
    largest = sorted(by_hashtag, key=lambda tag: (-len(by_hashtag[tag]), tag))[:SEARCHED]
    medians = {tag: float(np.median(by_hashtag[tag])) for tag in largest}
    most = max(medians.values())
    rows = []
    for tag in sorted(largest, key=lambda tag: -medians[tag]):
        low, high = np.percentile(by_hashtag[tag], [25, 75])
        share = medians[tag] / most if most else 0.0
        rows.append(
            f'<tr><td class="who" title="#{escape(tag)}">#{escape(tag)}</td>'
            f"<td>{len(by_hashtag[tag]):,}</td><td><b>{to_a_tenth(medians[tag])}</b>"
            f"<small>{low:,.0f}–{high:,.0f}</small>"
            f'<span class="bar"><i style="width:{share:.0%}"></i></span></td></tr>'
        )
    heads = "".join(f"<th>{head}</th>" for head in ("Search hashtag", "Posts", "Median likes"))
    which = "the search hashtags with the most posts" if len(by_hashtag) > len(largest) else "all"
    return (
        '<div class="card scroll more" style="grid-column:1/-1" tabindex="0" role="region" '
        'aria-label="Likes by search hashtag"><h3>Likes by search hashtag <small>'
        f"{which}; the range covers the middle half of the posts</small></h3><table><thead>"
        f"<tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def chart(dots: Sequence[Dot], x: Axis, y: Axis, *, joined: bool = False) -> str:
    """Dots as SVG; ``joined`` by a line, in their order."""
    parts, across, up = frame(x, x.ticks(), y, y.ticks(), _LEFT, _RIGHT)
    parts.append(text_at(_LEFT, TOP - 7, y.label, "axis", "start"))
    if joined:
        path = " ".join(f"{across(dot.x):.1f},{up(dot.y):.1f}" for dot in dots)
        parts.append(f'<polyline class="line line-both" points="{path}"/>')
    parts += [
        f'<circle class="place dot-both" cx="{across(dot.x):.1f}" cy="{up(dot.y):.1f}" r="2.6">'
        f"<title>{escape(dot.tooltip)}</title></circle>"
        for dot in dots
    ]
    return "".join(parts) + "</svg>"
