"""``tag4pic serve``: hashtags over HTTP, for programs."""

from typing import Annotated

import typer

from bot.cli.console import load_engine, settings_for_a_command


def serve(
    listen: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes any free one."),
    ] = "127.0.0.1:8090",
) -> None:
    """Serve recommend and tags over HTTP, with a page to try them.

    It serves this machine only, unless API_KEY is set: then requests need that key, and --listen
    may name any address. /openapi.json describes the requests. Ctrl-C stops it.

        tag4pic serve
        tag4pic serve --listen 127.0.0.1:9000
        API_KEY=… tag4pic serve --listen 0.0.0.0:8090
    """
    settings = settings_for_a_command()

    from bot.http.listening import listen_on

    key = settings.api_key.get_secret_value() if settings.api_key else None
    # First, so that a port in use is reported at once, not after the model has loaded.
    with listen_on(listen, key) as listening:
        engine = load_engine(settings)

        import asyncio

        from bot.http import server

        asyncio.run(server.serve(engine, listening, key, typer.echo))
