"""``tag4pic tags``: what the bundle knows about hashtags."""

import json
from dataclasses import replace
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import Commands
from bot.cli.tags_figures import ratings, sizes
from bot.cli.tags_lookup import Json, blocked_in, looked_up_bundle
from bot.cli.tags_similar import WithSeveral, similar

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Look hashtags up: similar ones, categories, ratings by likes, sizes.",
)


def categories(
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags of each.")] = 8,
    as_json: Json = False,
) -> None:
    """List what the bundle's posts are about, and the hashtags most at home there.

    tag4pic tags categories
    tag4pic tags categories --top 30 --json
    """
    bundle = looked_up_bundle()

    from recommenders.knowledge import Knowledge

    blocked = blocked_in(bundle)
    groups = [
        replace(group, hashtags=tuple(tag for tag in group.hashtags if tag not in blocked))
        for group in Knowledge(bundle).categories()
    ]
    if as_json:
        for group in groups:
            row = {"category": group.name, "posts": group.posts, "tags": group.hashtags[:top]}
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("category", style="bold")
    table.add_column("posts", justify="right")
    table.add_column("hashtags")
    for group in groups:
        tags = " ".join(f"#{tag}" for tag in group.hashtags[:top])
        table.add_row(Text(group.name), f"{group.posts:,}", Text(tags))
    Console().print(table)


app.command(cls=WithSeveral)(similar)
app.command()(categories)
app.command()(ratings)
app.command()(sizes)
