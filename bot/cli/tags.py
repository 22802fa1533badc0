"""``tag4pic tags``: facts about the bundle's hashtags."""

from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import Commands, print_json
from bot.cli.tags_figures import ratings, sizes
from bot.cli.tags_lookup import Json, lookup_in_use
from bot.cli.tags_similar import WithSeveral, similar
from recommenders.backends import Language

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Look hashtags up: similar ones, categories, ratings by likes, sizes.",
)


def categories(
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags for each.")] = 8,
    language: Annotated[
        Language, typer.Option(help="Language of names and hashtags.")
    ] = Language.EN,
    as_json: Json = False,
) -> None:
    """List the bundle's categories, each with its most typical hashtags.

    Subcategories stand below the category they belong to.

    tag4pic tags categories
    tag4pic tags categories --top 30 --json
    """
    rows = lookup_in_use().categories(top, language)
    if as_json:
        for row in rows:
            print_json(row)
        return
    with_posts = any(row["posts"] is not None for row in rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("category")
    if with_posts:
        table.add_column("posts", justify="right")
    table.add_column("hashtags")
    for row in rows:
        name = Text(f"  {row['title']}") if row["head"] else Text(row["title"], "bold")
        posts = [f"{row['posts'] or 0:,}"] if with_posts else []
        table.add_row(name, *posts, Text(" ".join(f"#{tag}" for tag in row["tags"])))
    Console().print(table)


app.command(cls=WithSeveral)(similar)
app.command()(categories)
app.command()(ratings)
app.command()(sizes)
