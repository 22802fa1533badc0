"""``tag4pic train import`` and ``collect``: posts from elsewhere into the dataset format."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.console import one_of, print_line, print_warnings, settings_for_a_command
from training.terminal import reporting

if TYPE_CHECKING:
    from training.datasets.importing import ImportSummary
    from training.datasets.instagram import CollectSummary


def import_(
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="A folder or a CSV file.", show_default=False),
    ],
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="The dataset to write.", show_default=False)
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="dataset, harrison, instagram, instaloader, csv or keywords.",
            show_default="detected",
        ),
    ] = None,
    min_count: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Keep hashtags that are on at least this many posts."
        ),
    ] = 1,
    cap: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Drop hashtags on more than this share of the posts, such as 0.2.",
            show_default="drop none",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a dataset made from another source.")
    ] = False,
) -> None:
    """Turn posts from another layout into a dataset.

    It reads HARRISON's lists, Instagram's own export of your account (request it as JSON), an
    instaloader download folder, a CSV file with a header, a folder of photos with IPTC or XMP
    keywords, and a dataset. Broken rows are counted and left out; the same photo posted twice
    becomes one post. An interrupted import resumes where it stopped.

    tag4pic train import downloads --to posts
    tag4pic train import posts.csv --to posts --min-count 5 --cap 0.2
    """
    settings_for_a_command()
    from training.datasets.importing import KINDS, import_posts

    if kind is not None:
        one_of("--kind", kind, tuple(KINDS))
    with reporting() as progress:
        summary = import_posts(
            source,
            to,
            kind=kind,
            min_count=min_count,
            cap=cap,
            replace_other=replace,
            progress=progress,
        )
    _print_import(summary, to)


def collect(
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder to fetch into.", show_default=False)
    ],
    hashtag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG",
            help="Fetch the newest posts of this hashtag; may be repeated.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Fetch the newest posts of this profile; may be repeated.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="How many of the newest posts to look at, for each."),
    ] = 100,
    login: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The Instagram user whose session instaloader has saved.",
            show_default="not logged in",
        ),
    ] = None,
    session_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where that session is.",
            show_default="where instaloader keeps it",
        ),
    ] = None,
    pause: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, help="How long to wait between two posts, on average."
        ),
    ] = 2.0,
) -> None:
    """Fetch new posts of hashtags or profiles from Instagram, politely.

    Needs instaloader: .venv/bin/pip install 'tag4pic\\[collect]'. It fetches nothing twice, so an
    interrupted run resumes where it stopped. If Instagram refuses something, it says so, and the
    exit status is 2.

    tag4pic train collect --hashtag streetphotography --to downloads
    tag4pic train collect --profile nasa --login me --to downloads
    """
    settings_for_a_command()
    from training.datasets.instagram import collect as fetch

    with reporting() as progress:
        summary = fetch(
            hashtag or (),
            profile or (),
            to,
            limit=limit,
            login=login,
            session_file=session_file,
            pause=pause,
            progress=progress,
        )
    _print_collected(summary, to)
    if summary.refusals:
        raise typer.Exit(2)


def _print_import(summary: "ImportSummary", to: Path) -> None:
    outcome, *rest = summary.lines()
    print_line(f"[bold]{escape(str(to))}[/]: {escape(outcome)}")
    for line in rest:
        print_line(f"[yellow]·[/] {escape(line)}")
    if summary.photos:
        print_line(
            f"Learn from it: [cyan]tag4pic train fit --dataset {escape(str(to))} --out data/mine[/]"
        )
    else:
        print_line(
            "Learn which hashtags are alike: [cyan]tag4pic train fit --backend tags "
            f"--dataset {escape(str(to))} --out data/mine[/]"
        )


def _print_collected(summary: "CollectSummary", to: Path) -> None:
    outcome, *rest = summary.lines()
    print_line(f"[bold]{escape(str(to))}[/]: {escape(outcome)}")
    print_warnings(rest)
    if summary.new or summary.known:
        print_line(
            f"Make a dataset of it: [cyan]tag4pic train import {escape(str(to))} --to posts[/]"
        )
