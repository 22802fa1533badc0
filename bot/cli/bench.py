"""``tag4pic bench``: what this machine and these thresholds do, in figures."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.console import (
    Commands,
    choose_backend,
    fail,
    load_engine,
    settings_for_a_command,
)
from bot.cli.recommend import images_in
from bot.cli.weights import known_backbone
from recommenders.backends import Backend
from training.terminal import progress_bar

if TYPE_CHECKING:
    from recommenders.engine import Engine
    from training.evaluation.duplicate_figures import Figures, Pair

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Measure speed, and how well duplicate photos are told.",
)

SIZE = (1280, 960)
"""Of the photo that is made where none is given: what Telegram makes of a phone's photo."""
WARM_UP = 3
SHOWN = 10
"""Pairs that are listed before the rest is only counted."""


@app.command()
def latency(
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

        tag4pic bench latency
        tag4pic bench latency holidays/*.jpg --rounds 5
    """
    engine = load_engine(settings_for_a_command())
    chosen = choose_backend(engine, backend)

    import numpy as np

    from recommenders.photos import PhotoError

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
        style = "bold" if name == "all" else ""
        table.add_row(name, f"{median:.1f}", f"{p95:.1f}", style=style)
    Console().print(table)
    what = f"{len(photos)} photos" if photos else f"a made JPEG of {SIZE[0]}×{SIZE[1]} pixels"
    _note(
        f"{chosen} of {engine.model} over {'+'.join(engine.backbones[chosen])}; {what}, "
        f"{len(times)} answers on one core."
    )


@app.command()
def duplicates(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER",
            help="Folders of different photos, with the folders in them.",
            exists=True,
            file_okay=False,
            show_default=False,
        ),
    ],
    backbone: Annotated[
        str,
        typer.Option(
            help="Whose features confirm that two photos are the same.",
            metavar="NAME",
            callback=known_backbone,
        ),
    ] = "efficientnet_lite0",
) -> None:
    """Measure how well duplicate photos are told.

    Each photo is copied smaller and as a JPEG of low quality, and every copy is looked up among all
    photos as the bot does it: how many are found, and which different photos pass for the same.

        tag4pic bench duplicates my-photos/
    """
    settings = settings_for_a_command()
    paths = sorted({path for folder in folders for path in _photos_below(folder)})
    if not paths:
        fail(f"There is no image in {' or '.join(str(folder) for folder in folders)}.")

    from recommenders.backbones.backbone import load_backbone
    from recommenders.photos import PhotoError
    from training.evaluation.duplicate_figures import measure, survey

    features = load_backbone(backbone, settings.weights_dir).features
    with progress_bar() as progress:
        task = progress.add_task("Looking", total=len(paths))
        try:
            seen = survey(
                paths,
                features,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except PhotoError:
            fail(_unreadable(paths))
    _print_figures(measure(seen))


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
    photo = decode(source)
    decoded = perf_counter()
    features = engine.features([photo], engine.backbones[backend])
    seen = perf_counter()
    engine.recommend(features, backend)
    return decoded - started, seen - decoded, perf_counter() - seen


def _print_figures(figures: "Figures") -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right", style="bold")
    table.add_row("photos, each with one copy", f"{figures.photos:,}")
    table.add_row("copies found", f"{figures.found:,} ({figures.found_share:.2%})")
    table.add_row("copies missed", f"{len(figures.missed):,}")
    table.add_row("copies taken for another photo", f"{len(figures.mistaken):,}")
    table.add_row("different photos taken for one", f"{len(figures.false_pairs):,}")
    table.add_row("… that average hashes alone would take", f"{figures.proposed_pairs:,}")
    table.add_row("photos one look-up compared, at most", f"{figures.max_candidates:,}")
    Console().print(table)
    _list("missed", [str(path) for path in figures.missed])
    _list("taken for another photo", [_told(pair) for pair in figures.mistaken])
    _list("taken for one", [_told(pair) for pair in figures.false_pairs])


def _list(title: str, lines: list[str]) -> None:
    if not lines:
        return
    more = [f"… and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    typer.echo("\n  ".join([f"{title}:", *lines[:SHOWN], *more]))


def _told(pair: "Pair") -> str:
    return f"{pair.first}  {pair.second}  ({pair.distance} bits, cosine {pair.cosine:.3f})"


def _unreadable(paths: list[Path]) -> str:
    """Which photo it was: a survey does not say, so all are decoded until one fails."""
    from recommenders.photos import PhotoError, decode

    for path in paths:
        try:
            decode(path)
        except PhotoError as error:
            return f"{path}: {error}. Take it out of the folder."
    return "A copy that was made of a photo cannot be read."


def _photos_below(folder: Path) -> list[Path]:
    below = [path for path in folder.rglob("*") if path.is_dir()]
    return [image for each in (folder, *below) for image in images_in(each)]


def _note(text: str) -> None:
    Console().print(text, style="dim", highlight=False, soft_wrap=True)


@app.command()
def backbones(
    data: Annotated[Path, typer.Option(help="The folder with the datasets.", show_default=False)],
    cache: Annotated[Path, typer.Option(help="Where features of photos are kept.")] = Path(
        "data/features"
    ),
) -> None:
    """Measure how the head for every ImageNet backbone carries over from one to another.

    MobileNetV2 gets a 1,000-class layer learnt from EfficientNet-Lite0's probabilities; both then
    answer held-out everyday photos with the same head.

        WEIGHTS_DIR=../shared/weights tag4pic bench backbones --data ../shared/data
    """
    settings = settings_for_a_command()
    from training.starter.build import carry_over

    with progress_bar() as bar:
        task = bar.add_task("Reading", total=None)
        figures = carry_over(
            data,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            report=lambda doing, done, total: bar.update(
                task, description=doing, completed=done, total=total
            ),
        )
    table = Table(
        title="First five hashtags of everyday photos held out",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
    )
    table.add_column("")
    for column in ("one names it", "name it", "lift"):
        table.add_column(column, justify="right")
    for name, figure in figures.items():
        table.add_row(name, f"{figure.hit:.3f}", f"{figure.precision:.3f}", f"{figure.lift:.2f}")
    Console().print(table)
