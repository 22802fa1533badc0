"""Scores a bundle's hashtags for photos and captions by any of its backends, and explains why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommenders.als import AlsRecommender, Recognition
from recommenders.als_taught import Audience
from recommenders.answers import read_rules
from recommenders.arrays import Floats
from recommenders.both import read_both
from recommenders.bundle import Bundle
from recommenders.explaining import Reason, explain
from recommenders.fusion import sources_of
from recommenders.people import read_people
from recommenders.recommender import Recommender
from recommenders.words import NEAR, Sees, Words


class Scoring:
    """Scores photos by one of ``backends``.

    Args:
        recommenders: by backend, all but ``both``.
        words: finds the hashtags named in captions.

    Attributes:
        backends: the recommenders', then ``both`` if there is more than one.
        both: None where there is only one recommender.
    """

    def __init__(
        self, bundle: Bundle, recommenders: Mapping[str, Recommender], words: Words
    ) -> None:
        self.recommenders = recommenders
        self.both = read_both(bundle, recommenders) if len(recommenders) > 1 else None
        self.backends = (*recommenders, "both") if self.both else tuple(recommenders)
        self._words = words
        self._people = read_people(bundle)
        self._columns = {tag: column for column, tag in enumerate(bundle.hashtags)}
        careful = read_rules(bundle).careful
        known = [tag for tag in careful if tag in self._columns]
        self._careful = np.array([self._columns[tag] for tag in known], np.intp)
        self._least = np.array([careful[tag] for tag in known], np.float32)

    def behind(self, backend: str) -> list[Recommender]:
        """The recommenders that a backend uses."""
        if backend != "both":
            return [self.recommenders[backend]]
        assert self.both is not None
        return [self.both.als, self.both.w2v]

    def backbones(self, backend: str) -> tuple[str, ...]:
        """The backbones whose features a backend takes, its own first."""
        behind = self.behind(backend)
        if self._judges_careful:
            behind += self.behind("both")
        return tuple(dict.fromkeys(one.backbone for one in behind))

    @property
    def _judges_careful(self) -> bool:
        """Whether hashtags to be careful with need the fusion's probability, whoever scores."""
        return len(self._careful) > 0 and self.both is not None and self.both.fusion is not None

    def scores(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        audiences: Collection[Audience],
        words: Sequence[Collection[str]],
        sees: Sees,
    ) -> Floats:
        """Relevance (n, V + taught) float32; features and words as for ``Engine.scores``.

        Args:
            audiences: whose lessons count.
            sees: whether the asker sees a column's hashtag.
        """
        near: Floats | None = None
        same_scene: Floats | None = None
        if backend == "both":
            assert self.both is not None
            als, w2v = self.both.recognised(features, audiences)
            if any(words):
                near = self._nearness(words, sees)
            scores, same_scene = self.both.scores(als, w2v, near), als.same_scene
        else:
            recommender = self.recommenders[backend]
            rows = features[recommender.backbone]
            recognised: Recognition | None = None
            if isinstance(recommender, AlsRecommender):
                recognised = recommender.recognised(rows, audiences)
                scores, same_scene = recognised.scores, recognised.same_scene
            else:
                scores = recommender.scores(rows)
            self._silence_unlikely(scores, features, audiences, recognised)
        if self._people is not None and self._people.backbone in features:
            named = None if near is None else near >= 1
            self._people.silence(scores, features[self._people.backbone], self._columns, named)
        # What was taught for the same scene overrides everything else.
        return scores if same_scene is None else np.maximum(scores, same_scene)

    def _silence_unlikely(
        self,
        scores: Floats,
        features: Mapping[str, NDArray[np.floating]],
        audiences: Collection[Audience],
        als: Recognition | None,
    ) -> None:
        """Sets one backend's scores to 0, in place, of hashtags to be careful with.

        Those stay of which the fusion is sure enough: one backend's relevance is no probability,
        and #kids with 0.4 may be the first it gives a grown-up.

        Args:
            als: what ALS recognises, where it is known.
        """
        if not self._judges_careful:
            return
        both = self.both
        assert both is not None
        assert both.fusion is not None
        columns = self._careful
        likely = np.zeros((len(scores), len(columns)), np.bool_)
        if features.keys() >= {both.als.backbone, both.w2v.backbone}:
            if als is None:
                als = both.als.recognised(features[both.als.backbone], audiences)
            w2v = both.w2v.scores(features[both.w2v.backbone])
            sources = sources_of(als, w2v, len(both.fusion.share))
            probabilities = both.fusion.scores_of(sources, np.broadcast_to(columns, likely.shape))
            likely = probabilities >= self._least
        scores[:, columns] = np.where(likely, scores[:, columns], 0)

    def _nearness(self, words: Sequence[Collection[str]], sees: Sees) -> Floats:
        """How near each hashtag is to the words of each photo: (n, V + taught) float32."""
        rows = {one: self._words.nearness(one, sees) for one in set(map(tuple, words))}
        # New hashtags may be learnt meanwhile, which later rows have and earlier ones lack.
        width = min(map(len, rows.values()))
        return np.stack([rows[tuple(one)][:width] for one in words])

    def explain(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        columns: Mapping[str, int | None],
        vocabulary: Sequence[str],
        skip: Collection[str],
        audiences: Collection[Audience],
        words: Collection[str],
        sees: Sees,
    ) -> list[Reason]:
        """Reasons from ``recommenders.explaining.explain``; for ``both`` with its sources.

        Args:
            words: hashtags that the caption names.
            sees: as for ``scores``.
        """
        behind = self.behind(backend)
        reasons = explain(behind, features, columns, vocabulary, skip, audiences)
        known = [column for column in columns.values() if column is not None]
        if self.both is None or backend != "both" or not known:
            return reasons
        near = self._words.nearness(words, sees)
        shares = self.both.shares(features, known, near, audiences)
        for place, reason in enumerate(reasons):
            column = columns[reason.hashtag]
            if column is not None:
                sources, similar = shares[column], list[str]()
                if "words" in dict(sources):
                    similar = self._words.named_near(column, words, NEAR)
                shown = tuple(word for word in similar if word not in skip)
                reasons[place] = replace(reason, words=shown, sources=sources)
        return reasons
