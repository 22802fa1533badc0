"""How well a bundle names what is in everyday photos that it has not seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommenders.backbones.backbone import Backbone
from recommenders.bundle import Bundle
from recommenders.engine import Engine
from training.evaluation.caption_hits import CaptionHits, caption_hits, content_words
from training.starter.sources import TaggedPhoto
from training.starter.word_tables import generic


def name_photos(
    bundle: Bundle,
    backbone: Backbone,
    photos: Sequence[TaggedPhoto],
    features: NDArray[np.floating],
    shared_by: int,
) -> dict[str, CaptionHits]:
    """By backend, how well the first five hashtags name what is in photos with captions.

    Args:
        features: (n, dims) of the photos.
        shared_by: captions that must have a word for it to name what is in a photo.
    """
    engine = Engine(bundle, {backbone.name: backbone})
    words = [content_words(photo.captions, shared_by) for photo in photos]
    hits = {}
    for backend in engine.backends:
        answers = engine.recommend({backbone.name: features.astype(np.float32)}, backend, top=5)
        tags = [[hashtag.tag for hashtag in answer] for answer in answers]
        hits[backend] = caption_hits(tags, words, generic())
    return hits
