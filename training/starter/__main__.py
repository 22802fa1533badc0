"""``python -m training.starter --data DATA``: builds the starter bundle, and measures it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import STARTER, check_replaceable, save
from recommenders.engine import Engine
from training.datasets.format import DatasetError
from training.evaluation.caption_hits import caption_hits, content_words, hits_table
from training.features.compute import embed
from training.starter.build import BACKBONE, MAPPED_FROM, fit_starter, with_feature_map
from training.starter.check import (
    answer_photos,
    draw_sheets,
    figures_by_theme,
    figures_of_captioned,
    themes_table,
)
from training.starter.sources import CHECK_FOLD, read_evidence
from training.starter.word_tables import generic
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
    sheets: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Draw a contact sheet of each theme in this folder."),
    ] = None,
    shared_by: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=5, help="Captions that must share a word for it to count."
        ),
    ] = 2,
    cache: Cache = CACHE,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Build the starter bundle, and measure the recipe on held-out photos."""
    if not check:
        check_replaceable(out)
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

        known = [row for row, photo in enumerate(photos) if photo.fold != CHECK_FOLD]
        unseen = [row for row, photo in enumerate(photos) if photo.fold == CHECK_FOLD]
        without_them = fit_starter(evidence, known, features, backbone, progress)
        engine = Engine(without_them, {backbone.name: backbone})
        held_out = [photos[row] for row in unseen]
        answers = {
            backend: answer_photos(engine, backend, held_out, features[unseen])
            for backend in engine.backends
        }
        themes = figures_by_theme(answers["both"])
        captioned = figures_of_captioned(engine, held_out, features[unseen])
        hits = {}
        for backend, of_backend in answers.items():
            everyday = [answer for answer in of_backend if answer.photo.captions]
            tags = [[hashtag.tag for hashtag in answer.hashtags] for answer in everyday]
            words = [content_words(answer.photo.captions, shared_by) for answer in everyday]
            hits[backend] = caption_hits(tags, words, generic())
        if sheets is not None:
            draw_sheets(answers["both"], sheets)
        if not check:
            bundle = fit_starter(evidence, range(len(photos)), features, backbone, progress)
            before, _ = embed(
                [photo.image for photo in photos],
                load_backbone(MAPPED_FROM, weights_dir),
                cache,
                progress=progress,
            )
            bundle = with_feature_map(bundle, before, features)
            bundle.metrics = {
                "held_out_everyday_photos": {name: asdict(one) for name, one in hits.items()},
                "held_out_themes": {theme: asdict(one) for theme, one in themes.items()},
                "held_out_captions": {name: asdict(one) for name, one in captioned.items()},
            }
            save(bundle, out)
    console = Console()
    console.print(hits_table(hits))
    console.print(themes_table(themes, "First five hashtags of both, held-out photos"))
    console.print(themes_table(captioned, "Held-out photos, judged by their other captions"))


if __name__ == "__main__":
    tool(main)()
