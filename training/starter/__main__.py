"""``python -m training.starter --data DATA``: builds the starter bundle, and measures it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import save
from recommenders.engine import STARTER
from training.datasets.format import DatasetError
from training.evaluation.caption_hits import hits_table
from training.features.compute import embed
from training.starter.build import BACKBONE, fit_starter
from training.starter.check import name_photos
from training.starter.sources import read_evidence
from training.terminal import CACHE, WEIGHTS_DIR, Cache, WeightsDir, reporting, tool


def main(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder with the datasets.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The bundle to write.", show_default="the one that ships"),
    ] = STARTER,
    check: Annotated[bool, typer.Option("--check", help="Only measure, on held-out photos.")] = (
        False
    ),
    shared_by: Annotated[
        int, typer.Option(metavar="N", min=1, max=5, help="Captions of a photo that have a word.")
    ] = 2,
    cache: Cache = CACHE,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Build the starter bundle, and measure the recipe on everyday photos held out."""
    evidence = read_evidence(data)
    photos = evidence.photos
    backbone = load_backbone(BACKBONE, weights_dir)
    with reporting() as progress:
        features, readable = embed(
            [photo.image for photo in photos],
            backbone,
            cache,
            progress=progress,
        )
        if not readable.all():
            raise DatasetError(f"{int((~readable).sum())} of the photos in {data} cannot be read.")

        known = [row for row, photo in enumerate(photos) if not photo.held_out]
        unseen = [row for row, photo in enumerate(photos) if photo.held_out]
        without_them = fit_starter(evidence, known, features, backbone, progress)
        hits = name_photos(
            without_them, backbone, [photos[row] for row in unseen], features[unseen], shared_by
        )
        if not check:
            bundle = fit_starter(evidence, range(len(photos)), features, backbone, progress)
            bundle.metrics = {"held_out_everyday_photos": {k: asdict(v) for k, v in hits.items()}}
            save(bundle, out)
    Console().print(hits_table(hits))


if __name__ == "__main__":
    tool(main)()
