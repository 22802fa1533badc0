"""How well the starter's head for every ImageNet backbone carries over from one to another.

MobileNetV2 gets a 1,000-class layer learnt from EfficientNet-Lite0's probabilities on the photos
that are not held out, and then the same head as EfficientNet-Lite0: figures on the held-out
everyday photos of both, for the construction alone and for the fitted layer two.

    python -m training.evaluation.backbone_transfer --data DATA --weights WEIGHTS
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from recommenders.arrays import unit
from recommenders.backbones.backbone import load_backbone
from recommenders.ranking import adjusted
from training.evaluation.caption_hits import CaptionHits, caption_hits, content_words, hits_table
from training.evaluation.metrics import top_columns
from training.features.compute import embed
from training.fitting import class_head
from training.fitting.head import head_recommender
from training.fitting.vectors import hashtag_vectors
from training.fitting.vocabulary import matrix, popularity, vocabulary
from training.progress import Progress
from training.starter.build import BACKBONE, CLASS_TEMPERATURE, PLAN, tagged
from training.starter.sources import CHECK_FOLD, read_evidence
from training.starter.word_tables import generic
from training.terminal import CACHE, WEIGHTS_DIR, Cache, WeightsDir, reporting, tool

OTHER_BACKBONE = "mobilenet_v2"
TEMPERATURES = (CLASS_TEMPERATURE, 1.5, 2.0)
POPULARITY_EXPONENT = 0.1


def backbone_transfer(
    data: Path, weights_dir: Path, cache_dir: Path, progress: Progress
) -> dict[str, CaptionHits]:
    """Figures by head and backbone."""
    evidence = read_evidence(data)
    photos = evidence.photos
    held_out = [row for row, photo in enumerate(photos) if photo.fold == CHECK_FOLD]
    rows = tagged(photos, [row for row in range(len(photos)) if row not in set(held_out)])
    features: dict[str, NDArray[np.float16]] = {}
    layers: dict[str, class_head.ClassLayer] = {}
    for name in (BACKBONE, OTHER_BACKBONE):
        backbone = load_backbone(name, weights_dir)
        features[name], _ = embed(
            [photo.image for photo in evidence.photos],
            backbone,
            cache_dir,
            progress=progress,
        )
        if name == BACKBONE and backbone.classifier is not None:
            layers[name] = class_head.ClassLayer(*backbone.classifier)
        else:
            probabilities = layers[BACKBONE].probabilities(features[BACKBONE][rows])
            progress(f"class layer of {name}", 0, 1)
            layers[name] = class_head.learnt_layer(features[name][rows], probabilities)

    photos = [evidence.photos[row] for row in rows]
    weights = [photo.hashtags for photo in photos]
    hashtags = vocabulary([*weights, *evidence.classes])
    counts, class_counts = matrix(weights, hashtags), matrix(evidence.classes, hashtags)
    posts = evidence.posts_for_vectors(photos)
    vectors = unit(hashtag_vectors(posts, hashtags, PLAN, progress)["skipgram"])
    popular = popularity(counts)
    means = class_head.mean_vectors(class_counts, vectors)
    words = [content_words(evidence.photos[row].captions) for row in held_out]

    layer, learn_from = layers[BACKBONE], features[BACKBONE][rows]
    hits = {}
    for temperature in TEMPERATURES:
        scale = class_head.best_scale(
            layer, means, vectors, popular, temperature, learn_from, counts
        )
        start = class_head.constructed(layer, means, vectors, popular, temperature, scale)
        heads = {f"construction, T={temperature:g}, scale {scale:g}": start}
        if temperature == CLASS_TEMPERATURE:
            heads["fitted layer two"] = class_head.fitted_on(start, learn_from, counts)
        for title, head in heads.items():
            for name in layers:
                progress(f"{title} on {name}", 0, 1)
                model = head_recommender(name, class_head.on_layer(head, layers[name]), 1.0)
                scores = model.scores(features[name][held_out])
                top = top_columns(adjusted(scores, popular, POPULARITY_EXPONENT), 5)
                answers = [[hashtags[column] for column in row] for row in top]
                hits[f"{title}: {name}"] = caption_hits(answers, words, generic())
    return hits


def main(
    data: Annotated[Path, typer.Option(help="The folder with the datasets.", show_default=False)],
    cache: Cache = CACHE,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Measure how the head for every ImageNet backbone carries over from one to another."""
    with reporting() as progress:
        hits = backbone_transfer(data, weights_dir, cache, progress)
    Console().print(hits_table(hits))


if __name__ == "__main__":
    tool(main)()
