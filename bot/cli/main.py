"""The command line ``tag4pic``. Each command imports what it needs only when it runs."""

from typing import Annotated

import typer

from bot.cli.bench import app as bench_app
from bot.cli.console import Commands, run_quietly
from bot.cli.db import app as db_app
from bot.cli.doctor import doctor
from bot.cli.recommend import recommend
from bot.cli.serve import serve
from bot.cli.tags import app as tags_app
from bot.cli.train import app as train_app
from bot.cli.weights import app as weights_app

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def tag4pic(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Photos in, hashtags out: as a Telegram bot, and on the command line.

    Settings come from the environment or from .env; .env.example lists them.

        tag4pic run                  the bot: a chat in your browser, or Telegram
        tag4pic recommend beach.jpg  hashtags for a photo
        tag4pic serve                the same over HTTP
    """
    if version:
        from importlib.metadata import PackageNotFoundError
        from importlib.metadata import version as installed

        try:
            typer.echo(f"tag4pic {installed('tag4pic')}")
        except PackageNotFoundError:
            typer.echo("tag4pic, not installed: running from its folder")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def run(
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65535,
            help="Port of the local chat, or of the webhook if WEBHOOK_URL is set; 0 takes any "
            "free one.",
        ),
    ] = 8080,
) -> None:
    """Run the bot: on Telegram if BOT_TOKEN is set, otherwise as a chat in your browser.

    Without BOT_TOKEN it serves the chat on this machine only and prints its address. Ctrl-C stops
    it once it has finished what it is doing.

        tag4pic run
        tag4pic run --port 9000
        BOT_TOKEN=123456:ABC-DEF tag4pic run
    """
    from bot import run as bot
    from bot.settings import read_settings

    bot.run(read_settings(), port, typer.echo)


app.command()(recommend)
app.command()(serve)
app.add_typer(tags_app, name="tags")
app.add_typer(weights_app, name="weights")
app.add_typer(db_app, name="db")
app.command()(doctor)
app.add_typer(bench_app, name="bench")

app.add_typer(train_app, name="train")


def main() -> None:
    """Runs the command line."""
    run_quietly(app)
