"""``tag4pic tags ratings`` and ``sizes``: the likes that hashtags earn, and how common they are."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import fail, print_json, print_line
from bot.cli.tags_lookup import Json, lookup_in_use
from training.plurals import counted, to_a_tenth

if TYPE_CHECKING:
    from recommenders.bundle import Bundle
    from recommenders.knowledge import Knowledge
    from recommenders.ratings import Uses

Tags = Annotated[
    list[str] | None,
    typer.Argument(metavar="TAG", help="Hashtags, with or without #.", show_default="all"),
]
Top = Annotated[int, typer.Option(metavar="N", min=1, help="How many rows.")]

_OF_POSTS = "Only training posts count: the bot never sees the likes of photos sent to it."


def ratings(tags: Tags = None, top: Top = 20, as_json: Json = False) -> None:
    """List hashtags by rating: the likes they earned in the training posts.

    adj_likes are a post's likes divided by its number of hashtags; normalised scales them from 0,
    the least among a hashtag's uses, to 1, the most; rating is ln(uses) × normalised. A row has the
    means over a hashtag's uses, and its median likes. If you name hashtags, each use is listed.

    tag4pic tags ratings
    tag4pic tags ratings sunset --top 5 --json
    """
    lookup = lookup_in_use()
    bundle, knowledge = lookup.bundle, lookup.knowledge
    uses = _uses(bundle, knowledge)
    figures = _Ratings(knowledge, uses)
    if tags:
        for tag in tags:
            _, meant = lookup.known(tag)
            if as_json:
                print_json(figures.of(meant) | {"posts": figures.uses_of(meant)[:top]})
            else:
                _print_uses(figures, meant, top)
    else:
        rows = [figures.of(tag) for tag in bundle.hashtags if tag not in lookup.blocked]
        rows = [row for row in rows if row["uses"]]
        rows.sort(key=lambda row: (-row["rating"], -row["uses"]))
        if as_json:
            for row in rows[:top]:
                print_json(row)
        else:
            _print_ratings(rows, top)
    if not as_json:
        print_line(f"[dim]{_OF_POSTS}[/]")


def sizes(tags: Tags = None, top: Top = 20, as_json: Json = False) -> None:
    """List how widely hashtags are used: niche, middle or broad.

    If the bundle was fitted with --post-counts, size goes by a platform's posts: 100,000 to
    10,000,000 is middle. Otherwise, and for hashtags without a count, it goes by the training
    posts: the few hashtags that make up a third of all uses are broad, those of the next third
    middle.

    tag4pic tags sizes
    tag4pic tags sizes cats keyboard
    """
    lookup = lookup_in_use()
    knowledge = lookup.knowledge

    from recommenders.answers import MIDDLE_POSTS

    if tags:
        chosen = [lookup.known(tag)[1] for tag in tags]
    else:
        chosen = [tag for tag in lookup.bundle.hashtags if tag not in lookup.blocked]
        chosen.sort(key=lambda tag: (-(knowledge.posts(tag) or 0), -(knowledge.uses(tag) or 0)))
    shown = chosen if tags else chosen[:top]
    if as_json:
        for tag in shown:
            posts = knowledge.posts(tag)
            print_json(
                {
                    "tag": tag,
                    "size": knowledge.size(tag),
                    "by": "training posts" if posts is None else "post counts",
                    "posts": posts,
                    "uses": knowledge.uses(tag),
                }
            )
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("hashtag", style="bold")
    table.add_column("size")
    if knowledge.counted_posts:
        table.add_column("posts", justify="right")
    table.add_column("training posts", justify="right")
    for tag in shown:
        numbers = [knowledge.uses(tag)]
        if knowledge.counted_posts:
            numbers.insert(0, knowledge.posts(tag))
        cells = ("–" if number is None else f"{number:,}" for number in numbers)
        table.add_row(Text(f"#{tag}"), knowledge.size(tag), *cells)
    Console().print(table)
    if not tags:
        of_size = Counter(map(knowledge.size, chosen))
        print_line(", ".join(f"{count:,} {size}" for size, count in of_size.most_common()) + ".")
    if knowledge.counted_posts:
        low, high = MIDDLE_POSTS
        print_line(
            f"[dim]Sizes go by a platform's posts: {low:,} to {high:,} is middle. Hashtags without "
            "a count (–) go by the training posts.[/]"
        )
    else:
        print_line(
            "[dim]Sizes go by the training posts; to go by a platform's, fit with --post-counts "
            "FILE.[/]"
        )


class _Ratings:
    """Ratings as table rows."""

    def __init__(self, knowledge: "Knowledge", uses: "Uses") -> None:
        from recommenders.ratings import mean_of_uses, normalised_likes
        from recommenders.ratings import ratings as ratings_of

        self._knowledge, self._uses = knowledge, uses
        self._normalised, self._ratings = normalised_likes(uses), ratings_of(uses)
        self._counts = uses.counts
        self._means = {
            name: mean_of_uses(uses, values)
            for name, values in (
                ("adj_likes", uses.adj_likes),
                ("normalised", self._normalised),
                ("rating", self._ratings),
            )
        }

    def of(self, tag: str) -> dict[str, Any]:
        column = self._knowledge.column(tag)
        known = bool(self._counts[column])
        return {
            "tag": tag,
            "uses": int(self._counts[column]),
            **{
                name: round(float(mean[column]), 6) if known else None
                for name, mean in self._means.items()
            },
            "median_likes": self._knowledge.median_likes(tag),
        }

    def uses_of(self, tag: str) -> list[dict[str, Any]]:
        """Each use of a hashtag, the best rated first."""
        rows = self._uses.rows_of(self._knowledge.column(tag))
        ordered = sorted(rows.tolist(), key=lambda row: (-self._ratings[row], row))
        return [
            {
                "likes": int(self._uses.likes[row]),
                "hashtags": int(self._uses.post_hashtags[row]),
                "adj_likes": round(float(self._uses.adj_likes[row]), 6),
                "normalised": round(float(self._normalised[row]), 6),
                "rating": round(float(self._ratings[row]), 6),
            }
            for row in ordered
        ]


def _uses(bundle: "Bundle", knowledge: "Knowledge") -> "Uses":
    if knowledge.likes is not None:
        return knowledge.likes
    if any(knowledge.median_likes(tag) is not None for tag in bundle.hashtags):
        fail(
            f"The bundle {bundle.model} is from an earlier version, which kept only median likes. "
            "Fit it again with `tag4pic train fit`."
        )
    fail(
        f"The bundle {bundle.model} knows no likes: the posts it learnt from had none. Fit one on "
        "posts with likes (`likes` in posts.jsonl), and set MODEL_DIR to it."
    )


def _print_uses(figures: _Ratings, tag: str, top: int) -> None:
    row = figures.of(tag)
    if not row["uses"]:
        print_line(f"[bold]#{tag}[/]: no post with known likes uses it.")
        return
    print_line(
        f"[bold]#{tag}[/]: {counted(row['uses'], 'use')}, median likes "
        f"{to_a_tenth(row['median_likes'])}"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("rating", "normalised", "adj_likes", "likes", "hashtags of the post"):
        table.add_column(name, justify="right")
    uses = figures.uses_of(tag)
    for use in uses[:top]:
        table.add_row(
            f"{use['rating']:.6f}",
            f"{use['normalised']:.6f}",
            f"{use['adj_likes']:,.6f}",
            f"{use['likes']:,}",
            str(use["hashtags"]),
        )
    Console().print(table)
    if len(uses) > top:
        print_line(f"… and {counted(len(uses) - top, 'use')} more: --top {len(uses)}")


def _print_ratings(rows: list[dict[str, Any]], top: int) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("hashtag", style="bold")
    for name in ("rating", "uses", "normalised", "adj_likes", "median likes"):
        table.add_column(name, justify="right")
    for row in rows[:top]:
        table.add_row(
            Text(f"#{row['tag']}"),
            f"{row['rating']:.6f}",
            f"{row['uses']:,}",
            f"{row['normalised']:.6f}",
            f"{row['adj_likes']:,.2f}",
            to_a_tenth(row["median_likes"]),
        )
    Console().print(table)
    if len(rows) > top:
        print_line(f"… and {counted(len(rows) - top, 'hashtag')} more: --top {len(rows)}")
