"""A dataset to a bundle in one go: both backends, their blend, knowledge, metrics."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from recommenders.bundle import Bundle, Part, save
from recommenders.bundle_parts import ranking_part
from training.datasets.format import Post
from training.features.examples import Examples
from training.finetuning.replay import held_out, replay_part
from training.fitting import knowledge
from training.fitting.fit import (
    Plan,
    Report,
    fit_als,
    head_part,
    head_recommender,
    held_back,
    lengths_of,
    starting_vectors,
    validation_rows,
)
from training.fitting.fusion import Scored, choose_blend, choose_exponent
from training.fitting.head import side_by_side
from training.fitting.heads import Split, fit_heads
from training.fitting.prepare import prepare, silent
from training.fitting.vocabulary import popularity


def fit_dataset(
    dataset: Path,
    out: Path,
    *,
    backend: str = "all",
    backbone: str | None = None,
    weights_dir: Path | None = None,
    cache_dir: Path,
    plan: Plan | None = None,
    min_count: int = 1,
    mirrored: bool = True,
    fetch: bool = True,
    without: Collection[str] = (),
    report: Report = silent,
) -> Bundle:
    """Fits a bundle on a dataset's training posts and writes it.

    Args:
        backend: ``als``, ``w2v`` or ``all``.
        backbone: for both backends; None for each one's default.
        min_count: posts that must carry a hashtag for it to be learnt.
        mirrored: learn from the photos mirrored left to right too.
        fetch: download official weights that are missing.
        without: hashtags whose posts are left out, to measure how it learns them later.

    Raises:
        DatasetError, WeightsError: a sentence that says what is missing.
    """
    plan = plan or Plan()
    prepared = prepare(
        dataset,
        backend=backend,
        backbone=backbone,
        weights_dir=weights_dir,
        cache_dir=cache_dir,
        seed=plan.seed,
        min_count=min_count,
        mirrored=mirrored,
        fetch=fetch,
        without=without,
        report=report,
    )
    posts, photos, hashtags = prepared.posts, prepared.photos, prepared.hashtags
    examples, vectors, loaded = prepared.examples, prepared.vectors, prepared.backbones
    parts, settings, metrics = fit_parts(
        examples, photos.posts, prepared.names, loaded, vectors, plan, report
    )
    parts["ranking"] = ranking_part(
        popularity(examples.counts),
        knowledge.rating(posts, hashtags),
        settings["ranking"]["default_backend"],
    )
    report("categories and similar hashtags", 0, 1)
    parts["knowledge"] = knowledge.knowledge(posts, hashtags, vectors, seed=plan.seed)
    report("categories and similar hashtags", 1, 1)
    bundle = Bundle(
        model=f"{out.name}-1",
        hashtags=hashtags,
        backbones={name: loaded[name].sha256 for name in loaded},
        settings={name: value for name, value in settings.items() if name != "ranking"},
        metrics=metrics,
        provenance={
            "dataset": dataset.name,
            "posts": len(posts),
            "photos": len(photos.posts),
            "problems": dict(prepared.problems.counts),
            "fitted_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": plan.seed,
        },
    )
    bundle = bundle.with_parts(parts)
    save(bundle, out)
    return bundle


def fit_parts(
    examples: Examples,
    posts: Sequence[Post],
    names: dict[str, str],
    loaded: dict[str, Backbone],
    vectors: dict[str, Floats],
    plan: Plan,
    report: Report,
) -> tuple[dict[str, Part], dict[str, dict[str, Any]], dict[str, Any]]:
    """Both backends with what is chosen on held-out photos, then fitted on all.

    Returns:
        Parts ``als``, ``w2v`` and ``replay``; settings of ``both`` and ``ranking``; metrics on the
        held-out photos, with ``history``: for ``w2v`` [training loss, recall at five] of every
        epoch.
    """
    fit_rows, held_rows = validation_rows(posts, plan.validation, plan.seed)
    fit_on, held = examples.rows(fit_rows), examples.rows(held_rows)
    judged = held_back(fit_on, held, [posts[row] for row in held_rows])
    per_post = float(np.mean(lengths_of([post.hashtags for post in posts])))
    parts: dict[str, Part] = {}
    scored: dict[str, Scored] = {}
    history: dict[str, list[list[float]]] = {}
    if "als" in names:
        report("ALS", 0, 2)
        backbone = loaded[names["als"]]
        recommender, _ = fit_als(fit_on, backbone, plan)
        scored["als"] = Scored(recommender, held.features[backbone.name])
        report("ALS", 1, 2)
        _, parts["als"] = fit_als(examples, backbone, plan)
        report("ALS", 2, 2)
    if "w2v" in names:
        backbone = loaded[names["w2v"]]
        start = starting_vectors(vectors, examples.counts.shape[1], plan.seed)
        # All photos but those that later tell whether fine-tuning forgets.
        everybody, _ = held_out(len(posts), plan.seed)
        split = Split(fit_rows, held_rows, everybody)
        alone, again = fit_heads(examples, backbone.name, split, start, plan, report)
        fitted = side_by_side(alone)
        scored["w2v"] = Scored(
            head_recommender(backbone.name, fitted, per_post), held.features[backbone.name]
        )
        history["w2v"] = [[round(loss, 5), round(score, 5)] for loss, score in fitted.history]
        parts["w2v"] = head_part(backbone.name, side_by_side(again), per_post)
        parts["replay"] = replay_part(
            backbone.name, examples.features[backbone.name], examples.counts, seed=plan.seed
        )
    report("choosing", 0, 1)
    settings: dict[str, dict[str, Any]] = {}
    tops: dict[str, NDArray[np.intp]] = {}
    for name, one in scored.items():
        exponent, tops[name] = choose_exponent(one, judged)
        parts[name].settings["popularity_exponent"] = exponent
    if len(scored) == 2:
        settings["both"], tops["both"] = choose_blend(scored["als"], scored["w2v"], judged)
    report("choosing", 1, 1)
    metrics: dict[str, Any] = {"validation_photos": len(held_rows), "history": history}
    metrics |= {name: judged.figures(top) for name, top in tops.items()}
    good = {name: judged.goodness(top) for name, top in tops.items()}
    settings["ranking"] = {"default_backend": max(good, key=lambda name: good[name])}
    return parts, settings, metrics
