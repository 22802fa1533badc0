"""The backend ``both``: ALS and Word2Vec together, and the words of captions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.als import AlsRecommender, Recognition
from recommenders.als_taught import Audience
from recommenders.arrays import Floats
from recommenders.bundle import Bundle
from recommenders.bundle_reading import number, reads_settings
from recommenders.explaining import SourceShares, shares_of
from recommenders.fusion import Fusion, blend, blend_contributions, raised, read_fusion, sources_of
from recommenders.recommender import Recommender
from recommenders.w2v import read_w2v
from recommenders.words import WordsGain


@dataclass(frozen=True)
class Both:
    """Fuses two recommenders where the bundle has a fusion, and blends them otherwise.

    Attributes:
        als: the ALS recommender.
        w2v: Word2Vec, on the network that the fusion was fitted on.
        fusion: None in a bundle without one.
        als_weight: weight of ALS in the blend, from 0 (Word2Vec alone) to 1.
        gain: what the words of captions add.
        popularity: (V,) float32, share of the posts that carry each hashtag.
    """

    als: AlsRecommender
    w2v: Recommender
    fusion: Fusion | None
    als_weight: float
    gain: WordsGain
    popularity: Floats

    def recognised(
        self, features: Mapping[str, NDArray[np.floating]], audiences: Collection[Audience]
    ) -> tuple[Recognition, Floats]:
        """What ALS and Word2Vec recognise, from features (n, dims) by backbone."""
        als = self.als.recognised(features[self.als.backbone], audiences)
        return als, self.w2v.scores(features[self.w2v.backbone])

    def scores(self, als: Recognition, w2v: Floats, near: Floats | None) -> Floats:
        """Relevance (n, V + taught) float32 from what ``recognised`` returned.

        Args:
            near: (n, V + taught or more) how near each hashtag is to the words of the caption;
                None without captions.
        """
        scores = blend(als.scores, w2v, self.als_weight)
        if near is not None:
            near = near[:, : scores.shape[1]]
        if self.fusion is not None:
            # Hashtags learnt after the fit keep their blended scores.
            known = len(self.fusion.share)
            near_known = None if near is None else near[:, :known]
            scores[:, :known] = self.fusion.scores(sources_of(als, w2v, known), near_known)
        return scores if near is None else raised(scores, self.gain.of(near))

    def shares(
        self,
        features: Mapping[str, NDArray[np.floating]],
        columns: Sequence[int],
        near: Floats,
        audiences: Collection[Audience],
    ) -> dict[int, SourceShares]:
        """How much each source contributed to hashtags, mean over the photos, by column.

        Args:
            near: (V + taught,) how near each hashtag is to the words of the caption.
            audiences: whose lessons count.
        """
        als, w2v = self.recognised(features, audiences)
        known = w2v.shape[1] if self.fusion is None else len(self.fusion.share)
        at = np.array([min(column, known - 1) for column in columns])
        columns_of_each = np.broadcast_to(at, (len(w2v), len(at)))
        if self.fusion is not None:
            added = self.fusion.contributions(sources_of(als, w2v, known), columns_of_each)
        else:
            relevance = als.scores[:, at], w2v[:, at]
            share = self.popularity[columns_of_each]
            added = blend_contributions(*relevance, self.als_weight, share)
        added["words"] = self.gain.of(near[at])[None]
        taught = np.zeros(len(columns), np.bool_)
        if als.same_scene is not None:
            taught = np.asarray(als.same_scene[:, columns].any(axis=0), np.bool_)
        means = {source: one.mean(axis=0) for source, one in added.items()}
        return {
            column: shares_of({source: float(mean[place]) for source, mean in means.items()})
            if column < known and not taught[place]
            else (("als", 1.0),)
            for place, column in enumerate(columns)
        }


@reads_settings
def read_both(bundle: Bundle, recommenders: Mapping[str, Recommender]) -> Both:
    """The backend ``both`` of a bundle.

    A fusion needs Word2Vec on the backbone it was fitted on; a blend takes it on any.
    """
    als, w2v = recommenders["als"], recommenders["w2v"]
    assert isinstance(als, AlsRecommender)
    fusion = read_fusion(bundle)
    if fusion is not None and w2v.backbone != bundle.settings["w2v"]["backbone"]:
        w2v = read_w2v(bundle)
    settings = bundle.settings.get("both", {})
    words = settings.get("words", {})
    return Both(
        als,
        w2v,
        fusion,
        number(settings, "als_weight", 0.5),
        WordsGain(**{name: number(words, name) for name in words}),
        bundle.floats("ranking", "popularity", len(bundle.hashtags)),
    )
