"""``tag4pic bench``: how fast this machine answers photos."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.console import fail, load_engine, settings_for_a_command
from recommenders.backends import Backend
from training.terminal import progress_bar

if TYPE_CHECKING:
    from recommenders.engine import Engine

SIZE = (1280, 960)
"""Of the photo that is made where none is named: what Telegram makes of a phone's photo."""
WARM_UP = 3


def bench(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PHOTO", help="Photos; one is made where none is given."),
    ] = None,
    backend: Annotated[
        Backend | None,
        typer.Option(help="Who answers.", show_default="the most accurate"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each photo is answered.")] = 50,
) -> None:
    """Measure how long an answer takes on this machine, step by step.

    Median and 95th percentile of decoding, features, recommending and all three, one photo at a
    time, after a short warm-up.

        tag4pic bench
        tag4pic bench holidays/*.jpg --rounds 5
    """
    engine = load_engine(settings_for_a_command())

    import numpy as np

    from bot.photo_answers import backend_named
    from recommenders.photos import PhotoError

    chosen = backend_named(engine, backend)
    sources: list[bytes | Path] = [*photos] if photos else [made_photo()]
    times: list[tuple[float, float, float]] = []
    with progress_bar() as progress:
        for number in progress.track(
            range(WARM_UP + rounds * len(sources)), description="Answering"
        ):
            source = sources[number % len(sources)]
            try:
                steps = timed(engine, source, chosen)
            except PhotoError as error:
                fail(f"{source!s}: {error}")
            if number >= WARM_UP:
                times.append(steps)

    milliseconds = np.array(times) * 1000
    columns = np.column_stack([milliseconds, milliseconds.sum(axis=1)])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("milliseconds")
    table.add_column("median", justify="right")
    table.add_column("p95", justify="right")
    for name, column in zip(("decode", "features", "recommend", "all"), columns.T, strict=True):
        median, p95 = np.percentile(column, [50, 95])
        table.add_row(name, f"{median:.1f}", f"{p95:.1f}", style="bold" if name == "all" else "")
    console = Console()
    console.print(table)
    what = f"{len(photos)} photos" if photos else f"a made JPEG of {SIZE[0]}×{SIZE[1]} pixels"
    console.print(
        f"{chosen} of {engine.model} over {'+'.join(engine.backbones[chosen])}; {what}, "
        f"{len(times)} answers on one core.",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )


def made_photo() -> bytes:
    """A JPEG that costs as much to decode as a photo: colours that run, and grain."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    width, height = SIZE
    across, down = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 4, height))
    colours = np.stack([np.sin(across + down), np.cos(across - down), np.sin(across * down)], -1)
    grain = np.random.default_rng(0).normal(0, 8, colours.shape)
    pixels = np.clip(128 + 90 * colours + grain, 0, 255).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=87)
    return file.getvalue()


def timed(engine: "Engine", source: bytes | Path, backend: str) -> tuple[float, float, float]:
    """Seconds for decoding, features and recommending of one photo.

    Raises:
        PhotoError: when it cannot be read.
    """
    from recommenders.photos import decode

    started = perf_counter()
    photo = decode(source, engine.working_side)
    decoded = perf_counter()
    features = engine.features([photo], engine.backbones[backend])
    computed = perf_counter()
    engine.recommend(features, backend)
    return decoded - started, computed - decoded, perf_counter() - computed
