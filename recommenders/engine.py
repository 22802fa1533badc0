"""The engine: a loaded bundle with its backbones, recommenders and ranking behind one interface."""

import threading
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders import answers
from recommenders import bundle as bundles
from recommenders.als import AlsRecommender
from recommenders.als_taught import Audience, audiences_for
from recommenders.answers import AnswerRequest, read_rules
from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from recommenders.building import build_recommenders, load_backbones
from recommenders.bundle import STARTER, Bundle
from recommenders.explaining import Reason
from recommenders.feature_map import read_feature_map
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning
from recommenders.photos import WORKING_SIDE
from recommenders.ranking import Hashtag, read_rankings
from recommenders.scoring import Scoring
from recommenders.vocabulary import Vocabulary
from recommenders.w2v import Word2VecRecommender, read_directions
from recommenders.words import Words

LIKELY = 0.5
"""From this score, without what people taught, a hashtag counts as likely."""

Lesson = tuple[Mapping[str, NDArray[np.floating]], Mapping[Audience, Sequence[str]]]
"""Features (dims,) of a photo by backbone, and its hashtags by audience."""


class Engine:
    """Answers photos with hashtags. Safe to call from several threads.

    What people taught counts for its audience: everybody, or one chat. An answer is for the
    ``audience`` that asks; None is no particular chat. See ``recommenders.als_taught``.

        engine = Engine.load()
        photo = decode(path, engine.working_side)
        features = engine.features([photo], engine.backbones["both"])
        [hashtags] = engine.recommend(features, "both")

    Attributes:
        model: the bundle's version, such as ``starter-1``.
        hashtags: the vocabulary, then hashtags that people taught; "" in place of one that no
            lesson has any more.
        own_hashtags: the bundle's vocabulary.
        backends: those of ``BACKENDS`` that the bundle has.
        default_backend: for a new chat: the most accurate on photos held out from the fit; ``both``
            where they were too few.
        fused: whether ``both`` gives probabilities rather than blended relevance.
        backbones: for each backend, the backbones whose features it takes.
        on_gpu: whether a GPU computes the features.
        confirm_backbone: the backbone whose features confirm that two photos are copies.
        knowledge: facts about the bundle's hashtags; None in a bundle without.
        rated: whether hashtags have ratings by likes; without, all styles rank alike.
        min_side: pixels of a photo's shorter side that the backbones can use.
        working_side: pixels that the shorter side should be decoded to, at least ``min_side``.
    """

    def __init__(self, bundle: Bundle, backbones: Mapping[str, Backbone]) -> None:
        self.bundle = bundle.without("als", "w2v", "replay")  # large, and not needed any more
        self.model = bundle.model
        self._vocabulary = Vocabulary(bundle.hashtags)
        self.hashtags, self.own_hashtags = self._vocabulary.hashtags, self._vocabulary.own
        self._loaded = dict(backbones)
        recommenders = build_recommenders(bundle, backbones)
        w2v = recommenders.get("w2v")
        directions = (
            w2v.vectors if isinstance(w2v, Word2VecRecommender) else read_directions(bundle)
        )
        self._words = Words(self.hashtags, directions)
        self._scoring = Scoring(bundle, recommenders, self._words)
        self.backends = self._scoring.backends
        self._fitted_rankings = read_rankings(bundle, self.backends, directions)
        self._rankings = dict(self._fitted_rankings)
        both = self._scoring.both
        self.fused = both is not None and both.fusion is not None
        self._rules = read_rules(bundle)
        self._feature_map = read_feature_map(bundle)
        default = bundle.settings.get("ranking", {}).get("default_backend", "als")
        self.default_backend = default if default in self.backends else self.backends[0]
        self.backbones: dict[str, tuple[str, ...]] = {
            name: self._scoring.backbones(name) for name in self.backends
        }
        self.min_side = max(backbones[name].shorter_side for name in self.all_backbones)
        self.working_side = max(WORKING_SIDE, self.min_side)
        self.on_gpu = any(backbones[name].on_gpu for name in self.all_backbones)
        self.confirm_backbone = self.backbones[self.backends[0]][0]
        self.knowledge = Knowledge(bundle) if Knowledge.in_bundle(bundle) else None
        self.rated = bool((self._rankings[self.backends[0]].rating != 1).any())
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls,
        model_dir: Path | None = None,
        weights_dir: Path | None = None,
        *,
        at_work: "Engine | None" = None,
    ) -> "Engine":
        """Loads a bundle, the starter when ``model_dir`` is None, and the backbones it needs.

        Args:
            at_work: an engine whose backbones are reused where they are the same.

        Raises:
            BundleError: when the bundle is missing, damaged or was fitted on other weights.
            WeightsError: when a backbone's weights are missing.
        """
        bundle = bundles.load(model_dir or STARTER)
        loaded = {} if at_work is None else at_work._loaded
        return cls(bundle, load_backbones(bundle, weights_dir, loaded))

    def features(
        self, photos: Sequence[Image.Image], backbones: Iterable[str]
    ) -> dict[str, Floats]:
        """Features of photos, (n, dims) float32 by backbone."""
        return {name: self._loaded[name].features(photos) for name in backbones}

    def words_in(self, text: str, audience: Audience = None) -> tuple[str, ...]:
        """The hashtags that a text names; those in a photo's caption are evidence.

        Args:
            audience: who wrote it; hashtags that only others taught are not recognised.
        """
        return self._words.named(text, self._vocabulary.sees(audience))

    def scores(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        audience: Audience = None,
        *,
        taught: bool = True,
        words: Sequence[Collection[str]] = (),
    ) -> Floats:
        """Relevance (n, V) float32 by one of ``backends``.

        Args:
            audience: who asks.
            taught: False leaves out everything that people taught.
            words: for each photo, ``words_in`` of its caption; only ``both`` uses them.
        """
        audiences = audiences_for(audience) if taught else ()
        sees = self._vocabulary.sees(audience)
        return self._scoring.scores(features, backend, audiences, words, sees)

    def recommend(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        *,
        top: int = 10,
        style: str = "balanced",
        skip: Collection[str] = (),
        audience: Audience = None,
        taught: bool = True,
        words: Sequence[Collection[str]] = (),
    ) -> list[list[Hashtag]]:
        """A list of hashtags for each photo, best first.

        Args:
            features: (n, dims) by backbone, of at least ``backbones[backend]``.
            backend: one of ``backends``.
            top: how many hashtags at most.
            style: one of ``STYLES``.
            skip: hashtags that must not appear.
            audience, taught, words: as for ``scores``.
        """
        # The ranking is read first: if photos are learnt meanwhile, the scores cover more hashtags
        # than the ranking, never fewer.
        ranking = self._rankings[backend]
        scores = self.scores(features, backend, audience, taught=taught, words=words)
        order = ranking.order(scores, style)
        hashtags = self._vocabulary.shown(audience, scores.shape[1])
        withheld = self._vocabulary.columns(skip)
        order[:, withheld[withheld < order.shape[1]]] = 0
        return [
            answers.pick(ranking, row, relevance, hashtags, top)
            for row, relevance in zip(order, scores, strict=True)
        ]

    def answer(
        self,
        features: Mapping[str, NDArray[np.floating]],
        request: AnswerRequest,
        before: Sequence[str] = (),
    ) -> list[Hashtag]:
        """What people get for a photo, or for all photos of an album together, best first.

        Args:
            features: as for ``recommend``.
            before: hashtags already in the answer, which this list continues: it repeats none of
                them, not even in another language.
        """
        photos = len(next(iter(features.values())))
        of_a_root = self._rankings[request.backend].of_a_root
        rules = self._rules
        if request.backend != "both":  # only the fusion's scores are probabilities
            rules = replace(rules, floor=0, careful={})
        meant = [self._vocabulary.meant(tag, request.audience) for tag in before]
        # Several hashtags may share one Russian form.
        most = request.top if request.language == "en" else 2 * request.top
        hashtags = answers.answer(
            lambda count: self.recommend(
                features,
                request.backend,
                top=count,
                style=request.style,
                skip=request.skip,
                audience=request.audience,
                words=[request.words] * photos,
            ),
            photos,
            top=most,
            mix=request.mix,
            size=self.knowledge.size_index if self.knowledge else None,
            rules=rules,
            of_a_root=of_a_root,
            before=meant,
        )
        skip = {*request.skip, *before} if before else request.skip
        return in_language(hashtags, request.language, request.top, skip, of_a_root, meant, rules)

    def for_words(
        self,
        text: str,
        *,
        top: int = 10,
        language: str = "en",
        skip: Collection[str] = (),
        audience: Audience = None,
    ) -> list[Hashtag]:
        """Hashtags for a text without a photo, best first, with their similarity, 0 to 1.

        Args:
            text: "sunset beach", "закат"; the hashtags it names come first.
            language, skip, audience: as in ``AnswerRequest``.

        Returns:
            Nothing where the text names no hashtag.
        """
        named = self.words_in(text, audience)
        sees = self._vocabulary.sees(audience)
        alike, answering = self._words.alike(named, sees), self._words.answering(named, sees)
        is_named = np.isin(self.hashtags[: len(alike)], named)
        order = np.where(answering[: len(alike)], alike, 0) + is_named
        withheld = self._vocabulary.columns(skip)
        order[withheld[withheld < len(order)]] = 0
        most = top if language == "en" else 2 * top
        ranking = self._rankings[self.backends[-1]]
        shown = self._vocabulary.shown(audience, len(alike))
        first = {shown[column] for column in np.flatnonzero(is_named)}
        hashtags = answers.pick(ranking, order, alike, shown, most)
        hashtags.sort(key=lambda hashtag: hashtag.tag not in first)
        return in_language(hashtags, language, top, skip)

    def likely(
        self, features: Mapping[str, NDArray[np.floating]], hashtags: Iterable[str]
    ) -> set[str]:
        """Those of ``hashtags`` that are likely for a photo, ignoring what people taught.

        Args:
            features: (dims,) by backbone; where one is missing, nothing is likely.
        """
        backend = self.default_backend
        if not features.keys() >= set(self.backbones[backend]):
            return set()
        rows = {name: row[None] for name, row in features.items()}
        (scores,) = self.scores(rows, backend, taught=False)
        likely = set()
        for tag in hashtags:
            column = self._vocabulary.column(meaning(tag, self.own_hashtags))
            if column is not None and column < len(scores) and scores[column] >= LIKELY:
                likely.add(tag)
        return likely

    @property
    def all_backbones(self) -> tuple[str, ...]:
        """The backbones whose features some backend takes; ``confirm_backbone`` is the first."""
        return tuple(dict.fromkeys(name for names in self.backbones.values() for name in names))

    @property
    def taught_backbones(self) -> tuple[str, ...]:
        """The backbones whose features ``learn`` can use, the best first."""
        own = self.backbones.get("als", self.backbones[self.backends[0]])[0]
        return (own,) if self._feature_map is None else (own, self._feature_map.source)

    @property
    def default_mix(self) -> str | None:
        """The mix of sizes that a new chat gets; None for the ranking's order."""
        mix = self.knowledge.preferred_mix if self.knowledge else None
        return mix if mix in answers.MIXES else None

    def explain(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        hashtags: Sequence[str],
        *,
        skip: Collection[str] = (),
        audience: Audience = None,
        words: Collection[str] = (),
    ) -> list[Reason]:
        """Why a photo, or an album, got these hashtags: a reason for each.

        Args:
            features, backend, audience: as for ``recommend``.
            skip: hashtags that no reason may mention.
            words: ``words_in`` of the caption.
        """
        meant = {tag: self._vocabulary.meant(tag, audience) for tag in hashtags}
        return self._scoring.explain(
            features,
            backend,
            {tag: self._vocabulary.column(one) for tag, one in meant.items()},
            self._vocabulary.shown(audience),
            skip,
            audiences_for(audience),
            words,
            self._vocabulary.sees(audience),
        )

    def knows(self, tag: str) -> bool:
        """Whether a hashtag, in any language and spelling, is the bundle's or was taught."""
        return self._vocabulary.column(meaning(tag, self.own_hashtags)) is not None

    def is_own(self, tag: str) -> bool:
        """Whether a hashtag, in any language and spelling, is the bundle's."""
        return self._vocabulary.is_own(meaning(tag, self.own_hashtags))

    def learn(self, photos: Mapping[Hashable, Lesson]) -> None:
        """Adds photos that people tagged to the ALS backend, effective at once.

            engine.learn({1: (features, {None: ["sunset"], chat: ["mycat"]})})

        The time depends on these photos only, not on what was taught before.

        Args:
            photos: key to the photo's lesson. A key taught before is replaced and needs no
                features; one without hashtags is forgotten. New photos without finite features of
                one of ``taught_backbones`` are ignored.
        """
        als = self._scoring.recommenders.get("als")
        if not isinstance(als, AlsRecommender):
            return
        with self._lock:
            taught: dict[Hashable, tuple[Floats | None, dict[Audience, list[int]]]] = {}
            copy_cosines: dict[Hashable, float] = {}
            for photo, (features, lessons) in photos.items():
                row = features.get(als.backbone)
                if row is None and self._feature_map and self._feature_map.source in features:
                    row = self._feature_map(features[self._feature_map.source])
                    copy_cosines[photo] = self._feature_map.itself
                columns = self._vocabulary.learn(photo, lessons)
                taught[photo] = (None if row is None else np.asarray(row, np.float32), columns)
            als.lessons.learn(taught, len(self.hashtags), copy_cosines)
            self._rank_taught(als.photos)
            if unused := self._vocabulary.forget_unused():
                self._words.forget(unused)

    def taught_photos(self) -> frozenset[Hashable]:
        """The keys of the photos that ``learn`` was given and that were not forgotten."""
        als = self._scoring.recommenders.get("als")
        return als.lessons.photos if isinstance(als, AlsRecommender) else frozenset()

    def _rank_taught(self, photos: int) -> None:
        """Ranks taught hashtags by the number of photos that teach them to everybody."""
        uses = self._vocabulary.taught_uses()
        if not len(uses):
            return
        for name, ranking in self._fitted_rankings.items():
            if name != "w2v":  # it scores the bundle's hashtags only
                self._rankings[name] = ranking.with_taught(uses, photos)
