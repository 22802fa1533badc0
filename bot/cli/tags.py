"""``tag4pic tags``: what the bundle knows about hashtags."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import Commands, bundle_in_use, settings_for_a_command
from recommenders.backends import Language

if TYPE_CHECKING:
    from bot.hashtag_lookup import HashtagLookup

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="Look hashtags up: similar ones, and categories."
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]


@app.command()
def similar(
    tag: Annotated[
        str, typer.Argument(metavar="TAG", help="A hashtag, with or without #.", show_default=False)
    ],
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags.")] = 10,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose vectors: skipgram or cbow.",
            show_default="the bundle's first",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the hashtags that stand beside the same hashtags, the nearest first.

    tag4pic tags similar sunset
    tag4pic tags similar закат --top 20
    """
    similar = _lookup().similar(tag, top, model)
    neighbours = similar.hashtags
    if as_json:
        for hashtag in neighbours:
            typer.echo(json.dumps({"tag": hashtag.tag, "score": hashtag.score}, ensure_ascii=False))
        return
    if not neighbours:
        typer.echo(f"#{similar.tag} stands alone: it is never seen beside others.")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for hashtag in neighbours:
        table.add_row(Text(f"#{hashtag.tag}", "bold"), Text(f"{hashtag.score:.2f}", "dim"))
    Console().print(table)


@app.command()
def categories(
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags of each.")] = 8,
    language: Annotated[
        Language, typer.Option(help="Of the names and of the hashtags.")
    ] = Language.EN,
    as_json: Json = False,
) -> None:
    """List what the bundle's hashtags are about, and those most at home there.

    Finer categories stand below the head that they belong to.

    tag4pic tags categories
    tag4pic tags categories --top 30 --json
    """
    rows = _lookup().categories(top, language)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    counted = any(row["posts"] is not None for row in rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("category")
    if counted:
        table.add_column("posts", justify="right")
    table.add_column("hashtags")
    for row in rows:
        name = Text(f"  {row['title']}") if row["head"] else Text(row["title"], "bold")
        posts = [f"{row['posts'] or 0:,}"] if counted else []
        table.add_row(name, *posts, Text(" ".join(f"#{tag}" for tag in row["tags"])))
    Console().print(table)


def _lookup() -> "HashtagLookup":
    settings = settings_for_a_command()

    from bot.hashtag_lookup import HashtagLookup
    from recommenders import bundle as bundles

    return HashtagLookup(bundles.load(bundle_in_use(settings)))
