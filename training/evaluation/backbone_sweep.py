"""Checks that every backbone works, on random weights, where official ones cannot be had.

Each network gets random weights, which are written to a file and loaded like any other. Features
must be finite; a photo's must be the same alone as in a batch; and the classifier on them must give
what the whole network gives. Of the largest networks only shapes are checked.

    python -m training.evaluation.backbone_sweep
    python -m training.evaluation.backbone_sweep resnet18 vit_b_16@IMAGENET1K_SWAG_E2E_V1
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image

from recommenders.arrays import Floats
from recommenders.backbones.backbone import load_backbone
from recommenders.backbones.network import Network
from recommenders.backbones.registry import names_of, recipe_of, spellings, without_side
from training.terminal import tool

MOST_MEGABYTES = 1000
LINE = "{:42}{:>6}{:>6}{:>8}{:>8}{:>9}"
PHOTOS = 2
TOLERANCE = 1e-3
"""Relative to the largest feature: rounding by a batch's other order of sums."""


@dataclass(frozen=True)
class Swept:
    """The outcome for one backbone.

    Attributes:
        dims, side: length of the features, and pixels of the square input.
        milliseconds: for a photo's features; None if only shapes were checked.
        alone: difference of a photo's features alone from those in a batch.
        classes: difference of its classifier's logits from the whole network's; None if it has no
            classifier. Both relative to the largest value.
    """

    name: str
    dims: int
    side: int
    milliseconds: float | None = None
    alone: float | None = None
    classes: float | None = None

    @property
    def works(self) -> bool:
        """Whether all values are finite and all differences small enough to be rounding."""
        return all(far is None or far <= TOLERANCE for far in (self.alone, self.classes))


def sweep(names: Iterable[str], most_megabytes: float = MOST_MEGABYTES) -> Iterator[Swept]:
    """Checks backbones, one after the other."""
    for name in (single for one in names for single in names_of(one)):
        if recipe_of(name).megabytes > most_megabytes:
            yield _by_shape(name)
        else:
            with TemporaryDirectory() as folder:
                yield _on_drawn_weights(name, Path(folder))


def different() -> list[str]:
    """Every backbone, and those of its other weights that take another input size."""
    sizes = {
        (name.partition("@")[0], recipe_of(name).view.side): name for name in spellings()[::-1]
    }
    return [name for name in spellings() if name in sizes.values()]


def _by_shape(name: str) -> Swept:
    network, side = Network(recipe_of(name)), recipe_of(name).view.side
    with torch.inference_mode():
        features = network.module.eval().to("meta")(torch.empty(1, 3, side, side, device="meta"))
    assert features.shape == (1, network.dims)
    return Swept(name, network.dims, side)


def _on_drawn_weights(name: str, folder: Path) -> Swept:
    torch.manual_seed(0)
    recipe = recipe_of(name)
    whole = recipe.build().eval()
    state = whole.state_dict()
    for key, tensor in state.items():
        if key.endswith("running_var"):
            tensor.uniform_(0.8, 1.2)
        elif tensor.is_floating_point() and not tensor.any():
            tensor.normal_(0, 0.02)
    torch.save(state, folder / f"{without_side(name)}.pth")
    backbone = load_backbone(name, folder)
    draw = np.random.default_rng(0)
    coarse = draw.integers(0, 256, (PHOTOS, 12, 15, 3), dtype=np.uint8)
    photos = [Image.fromarray(one).resize((600, 480)) for one in coarse]
    together = backbone.features(photos)
    started = perf_counter()
    alone = [backbone.features([photo]) for photo in photos]
    elapsed = perf_counter() - started
    classes = None
    if backbone.classifier is not None and not name.startswith("efficientnet_lite"):
        mean, std = (np.array(one, np.float32) for one in (recipe.view.mean, recipe.view.std))
        pixels = np.stack([recipe.view.pixels(photo) for photo in photos])
        scaled = torch.from_numpy(((pixels - mean) / std).transpose(0, 3, 1, 2).copy())
        with torch.inference_mode():
            logits = whole(scaled).numpy()
        weight, bias = backbone.classifier
        classes = _far(together @ weight.T + bias, logits)
    return Swept(
        name,
        together.shape[1],
        backbone.side,
        elapsed / PHOTOS * 1000,
        _far(np.concatenate(alone), together),
        classes,
    )


def _far(first: Floats, second: Floats) -> float:
    """The largest difference relative to the largest value; NaN if one is not finite."""
    return float(np.abs(first - second).max() / np.abs(second).max())


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Backbones to check; all if none is named."),
    ] = None,
    most_megabytes: Annotated[
        float, typer.Option(help="Of larger networks, check only the shapes.")
    ] = MOST_MEGABYTES,
) -> None:
    """Check that every backbone works, on random weights."""
    failed = []
    typer.echo(LINE.format("backbone", "dims", "side", "ms", "alone", "classes"))
    for one in sweep(names or different(), most_megabytes):
        speed = "" if one.milliseconds is None else f"{one.milliseconds:.0f}"
        far = ["" if far is None else f"{far:.0e}" for far in (one.alone, one.classes)]
        typer.echo(LINE.format(one.name, one.dims, one.side, speed, *far))
        if not one.works:
            failed.append(one.name)
    if failed:
        typer.echo(f"These do not work as they should: {', '.join(failed)}.", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    tool(main)()
