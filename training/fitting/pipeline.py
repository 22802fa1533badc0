"""From a dataset to a bundle, top to bottom: read this first.

Popularity exponents, the blend and the number of epochs are chosen on held-out training photos;
then everything is fitted again on all of them. Every hyper-parameter is in ``plan.py``.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.als_fit import indexed
from recommenders.backbones.backbone import Backbone
from recommenders.backbones.registry import official_name, without_side
from recommenders.bundle import Bundle, Part, check_replaceable, save
from recommenders.fusion import Fusion, fusion_part
from recommenders.nearest import SCANNED, PhotoIndexError, PhotoSpace
from recommenders.ranking import ranking_part
from training.datasets.albums import whole_posts
from training.datasets.format import DatasetError, Location, Problems, check_hashtags
from training.evaluation.metrics import empty_accuracy
from training.features.examples import Examples, Features
from training.fitting.als import share_of_variance
from training.fitting.categories import categories
from training.fitting.choosing import (
    HeldOut,
    Scored,
    choose_backend,
    choose_blend,
    choose_exponent,
    validation_rows,
)
from training.fitting.fit import fit_als, head_part
from training.fitting.fit_engine import ONE_MACHINE, FitEngine
from training.fitting.fusion import CrossFitted, ScoredAls, sources_by_rows
from training.fitting.head import head_recommender, side_by_side
from training.fitting.knowledge import knowledge
from training.fitting.parallel_heads import Split, fit_heads
from training.fitting.plan import Plan
from training.fitting.plan_files import plan_to_json
from training.fitting.prepare import Networks, TrainingSet, counts_of_posts, prepare
from training.fitting.ratings import earnings, uses_of
from training.fitting.replay import head_rows, replay_part
from training.fitting.vectors import epochs_of, starting_vectors
from training.fitting.vocabulary import matrix, popularity, vocabulary
from training.progress import Progress, silent

log = logging.getLogger(__name__)


def fit_dataset(
    dataset: Location,
    out: Path,
    networks: Networks,
    *,
    plan: Plan,
    post_counts: Path | None = None,
    engine: FitEngine = ONE_MACHINE,
    progress: Progress = silent,
) -> Bundle:
    """Fits a bundle on a dataset's training posts and writes it.

    Args:
        post_counts: a file of a platform's counts, by which hashtags are niche, middle or broad;
            see ``training.datasets.post_counts``.
        engine: computes the steps that grow with the posts.

    Raises:
        BundleError: at once, where the bundle cannot be written to ``out``.
        DatasetError, WeightsError: a sentence that says what is missing.
    """
    check_replaceable(out)
    training_set = prepare(
        dataset, plan, networks, post_counts=post_counts, engine=engine, progress=progress
    )
    bundle = fit_bundle(training_set, plan, f"{out.name}-1", progress)
    bundle = replace(bundle, provenance={"dataset": PurePath(dataset).name} | bundle.provenance)
    save(bundle, out)
    return bundle


def fit_bundle(
    training_set: TrainingSet, plan: Plan, model: str, progress: Progress = silent
) -> Bundle:
    """Fits both backends, their blend, and the knowledge about hashtags.

    The bundle's metrics are measured on the held-out photos; ``history`` has, for ``w2v``,
    [training loss, recall at five] per epoch. Its provenance has the ``plan``, the number of
    ``vector_epochs``, and for ``pca`` the number of components and their share of the variance.
    """
    examples, vectors = training_set.examples, training_set.vectors
    photos, hashtags = training_set.photos, training_set.hashtags
    engine = training_set.engine

    # Held-out photos for the choices below.
    fit_rows, held_out_rows = validation_rows(photos, plan)
    fit_on, held_out = examples.rows(fit_rows), examples.rows(held_out_rows)
    judge = HeldOut.of(fit_on, held_out, [photos[row] for row in held_out_rows])
    parts: dict[str, Part] = {}
    scored: dict[str, Scored] = {}
    history: dict[str, list[list[float]]] = {}
    pca: dict[str, Any] = {}

    # ALS: a new photo gets the factors of its nearest neighbours in feature space.
    if "als" in training_set.backbone_of:
        backbone = training_set.backbones[training_set.backbone_of["als"]]
        progress("ALS", 0, 2)
        recommender, _ = fit_als(fit_on, backbone, plan, engine=engine)
        als_scores = ScoredAls(recommender, held_out.features[backbone.name])
        scored["als"] = als_scores
        progress("ALS", 1, 2)
        _, parts["als"] = fit_als(examples, backbone, plan, engine=engine)
        pca = _pca(parts["als"], examples.features[backbone.name])
        progress("ALS", 2, 2)
        if len(parts["als"].arrays["photos"]) > SCANNED:
            parts |= _indexed(parts["als"], progress)

    # Word2Vec: heads that project features into the space of hashtag vectors, joined as one.
    if "w2v" in training_set.backbone_of:
        name = training_set.backbone_of["w2v"]
        progress("projection head", 0, 0)
        start = starting_vectors(vectors, len(hashtags), plan)
        # All photos but those held out to measure later what fine-tuning forgets.
        albums = [post.album for post in photos]
        all_rows, _ = head_rows(len(photos), plan.seed, albums)
        split = Split(fit_rows, held_out_rows, all_rows)
        first, last = fit_heads(examples, name, split, start, plan, progress)
        fitted, per_post = side_by_side(first), training_set.hashtags_per_post
        scored["w2v"] = Scored(head_recommender(name, fitted, per_post), held_out.features[name])
        history["w2v"] = [[round(loss, 5), round(score, 5)] for loss, score in fitted.history]
        parts["w2v"] = head_part(name, side_by_side(last), per_post)
        parts["replay"] = replay_part(
            name, examples.features[name], examples.counts, seed=plan.seed, albums=albums
        )

    # The popularity exponents, and the blend of both.
    progress("choosing", 0, 1)
    tops: dict[str, NDArray[np.intp]] = {}
    for backend, scores in scored.items():
        exponent, tops[backend] = choose_exponent(scores, judge, plan.choosing)
        parts[backend].settings["popularity_exponent"] = exponent
    if len(scored) == 2:
        blend, tops["both"] = choose_blend(scored["als"], scored["w2v"], judge, plan.choosing)
        parts["both"] = Part(dict(blend))
        if judge.are_enough:
            rare = plan.choosing.rare
            sources = sources_by_rows(als_scores, scored["w2v"], len(hashtags))
            no_classes = np.zeros(len(hashtags), np.float32)
            fused = CrossFitted(
                sources,
                held_out.counts,
                judge.popularity,
                no_classes,
                plan.fusion,
                progress,
                [photos[row].album for row in held_out_rows],
            )
            exponent, top = choose_exponent(fused, judge, plan.choosing, rare=rare)
            if judge.goodness(top, rare=rare) > judge.goodness(tops["both"], rare=rare):
                fusion = Fusion(fused.trees_of_all(), popularity(examples.counts), no_classes)
                parts["fusion"] = fusion_part(fusion)
                parts["both"].settings["popularity_exponent"] = exponent
                tops["both"] = top
    progress("choosing", 1, 1)
    best = choose_backend(tops, judge)

    # Popularity, ratings, similar hashtags, categories.
    parts |= _hashtag_parts(training_set, plan, best, progress)

    bundle = Bundle(
        model=model,
        hashtags=hashtags,
        backbones={name: backbone.sha256 for name, backbone in training_set.backbones.items()},
        metrics={
            "validation_photos": len(held_out_rows),
            "empty_accuracy": empty_accuracy(judge.truth),
            "history": history,
            **{backend: judge.figures(top) for backend, top in tops.items()},
        },
        provenance={
            **_provenance(training_set, plan),
            "weights": _weights(training_set.backbones.values()),
            **pca,
        },
    )
    return bundle.with_parts(parts)


def _indexed(als: Part, progress: Progress) -> dict[str, Part]:
    """ALS's parts with a nearest-neighbour index; none where usearch is not installed."""
    progress("index of photos", 0, 1)
    try:
        return indexed(als)
    except PhotoIndexError as error:
        log.warning("%s Until then each answer looks at all of them.", error)
        return {}
    finally:
        progress("index of photos", 1, 1)


def fit_hashtags(
    dataset: Location,
    out: Path,
    *,
    plan: Plan,
    post_counts: Path | None = None,
    engine: FitEngine = ONE_MACHINE,
    progress: Progress = silent,
) -> Bundle:
    """Fits a bundle of knowledge about hashtags on all posts of a dataset, and writes it.

    The bundle serves ``tag4pic tags``; it cannot answer photos.

    Args:
        post_counts, engine: as for ``fit_dataset``.

    Raises:
        BundleError: at once, where the bundle cannot be written to ``out``.
        DatasetError: a sentence that says what is missing.
    """
    check_replaceable(out)
    problems = Problems()
    posts = engine.read_posts(dataset, problems)
    check_hashtags(posts, problems)
    posts = whole_posts(post for post in posts if post.hashtags)
    hashtags = vocabulary((post.hashtags for post in posts), plan.min_count)
    if not hashtags:
        raise DatasetError(f"No hashtag is on {plan.min_count} or more posts. Lower min_count.")
    counted = None if post_counts is None else counts_of_posts(post_counts, posts, progress)
    examples = Examples({}, matrix([post.hashtags for post in posts], hashtags))
    training_set = TrainingSet(
        posts, [], hashtags, examples, {}, {}, {}, problems, counted, engine
    ).with_vectors_of(plan, progress)
    bundle = Bundle(
        model=f"{out.name}-1",
        hashtags=hashtags,
        backbones={},
        provenance={"dataset": PurePath(dataset).name} | _provenance(training_set, plan),
    ).with_parts(_hashtag_parts(training_set, plan, None, progress))
    save(bundle, out)
    return bundle


def _hashtag_parts(
    training_set: TrainingSet, plan: Plan, default_backend: str | None, progress: Progress
) -> dict[str, Part]:
    """The parts that need no features: ``ranking`` and ``knowledge``."""
    posts, hashtags = training_set.posts, training_set.hashtags
    counted = training_set.post_counts
    likes = uses_of(posts, hashtags)
    progress("categories and similar hashtags", 0, 1)
    cluster = training_set.engine.k_means
    known = knowledge(
        posts,
        hashtags,
        training_set.vectors,
        categories(posts, hashtags, k=plan.categories, seed=plan.seed, cluster=cluster),
        fewest_uses=plan.vectors.fewest_uses,
        post_counts=None if counted is None else counted.posts,
        likes=likes,
    )
    progress("categories and similar hashtags", 1, 1)
    shares = popularity(training_set.examples.counts)
    ranking = ranking_part(shares, earnings(likes), default_backend)
    return {"ranking": ranking, "knowledge": known}


def _weights(backbones: Iterable[Backbone]) -> dict[str, dict[str, Any]]:
    """By network, the SHA-256 of its weights and whether they are the official ones."""
    digests = {without_side(part.name): part.sha256 for one in backbones for part in one.parts}
    return {
        name: {"sha256": digest, "official": official_name(name, digest) == name}
        for name, digest in digests.items()
    }


def _pca(als: Part, features: Features) -> dict[str, Any]:
    """The number of ALS's PCA components, and their share of the variance."""
    components = als.arrays["components"].astype(np.float32)
    share = share_of_variance(PhotoSpace(als.arrays["mean"], components), features)
    return {"pca": {"components": len(components), "variance": round(share, 4)}}


def _provenance(training_set: TrainingSet, plan: Plan) -> dict[str, Any]:
    posts, counted = training_set.posts, training_set.post_counts
    return {
        "posts": len(posts),
        "photos": len(training_set.photos),
        "problems": dict(training_set.problems.counts),
        "fitted_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": plan.seed,
        "plan": plan_to_json(plan),
        "vector_epochs": epochs_of(posts, plan.vectors),
        "engine": training_set.engine.name,
        **({} if counted is None else {"post_counts": counted.summary()}),
    }
