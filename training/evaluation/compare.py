"""Fits several plans on one dataset, and measures each on the same held-out photos.

What no knob changes is computed once: features come from the cache, and hashtags' vectors are
learnt once for all plans with the same vectors. Every result is a file of its own, identified by
its inputs, so an interrupted comparison resumes, and one with more values builds on an earlier one.
"""

import hashlib
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from recommenders.arrays import Floats
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.engine import Engine
from training.datasets.format import POSTS, VALIDATION, DatasetError, Post, Problems
from training.evaluation.compared import (
    Result,
    prepare_folder,
    read_result,
    result_file,
    write_result,
)
from training.evaluation.evaluate import tops_of_backends
from training.evaluation.metrics import bootstrap, empty_accuracy, measure
from training.fitting.knobs import Part, PlanError
from training.fitting.pipeline import fit_bundle
from training.fitting.plan import Plan, knobs, value_of, with_values
from training.fitting.plan_files import plan_to_json
from training.fitting.prepare import (
    Embedded,
    Networks,
    TrainingSet,
    embed_posts,
    prepare_photos,
)
from training.fitting.splits import drawn, posts_of
from training.fitting.vocabulary import lengths_of, matrix, vocabulary
from training.progress import Progress, silent

log = logging.getLogger(__name__)

VALIDATION_SHARE = 0.1
"""Of the training posts of a dataset that names no validation split."""


@dataclass(frozen=True)
class Combination:
    """Knobs turned together.

    Attributes:
        settings: as written, such as ``vectors.window=2``.
        plan: None if they cannot go together; ``error`` says why.
    """

    settings: tuple[str, ...]
    plan: Plan | None
    error: str = ""


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU time, that of ended child processes included, and of wall-clock time."""

    cpu: float
    clock: float

    @classmethod
    def now(cls) -> "Spent":
        """Since some moment in the past."""
        times = os.times()
        cpu = times.user + times.system + times.children_user + times.children_system
        return cls(cpu, time.monotonic())

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.cpu + other.cpu, self.clock + other.clock)

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.cpu - other.cpu, self.clock - other.clock)


def combinations(plan: Plan, over: Sequence[str], shared: Sequence[str] = ()) -> list[Combination]:
    """Every combination of the values of some knobs, the first knob's changing slowest.

    Args:
        over: each knob's name, = and its values, such as ``vectors.window=2,3,5``.
        shared: settings of all combinations, first in each.

    Raises:
        PlanError: for an unknown knob, one that is named twice, or if no combination is a plan.
    """
    values: dict[str, list[str]] = {}
    for one in over:
        name, sign, texts = one.partition("=")
        name = name.strip()
        if not sign:
            with_values(plan, [one])  # raises, and says how to write it
        if name in values:
            raise PlanError(f"{name} is compared twice: write all its values after one =.")
        each = dict.fromkeys(text.strip() for text in texts.split(","))
        values[name] = [f"{name}={text}" for text in each]
    plans: list[Combination] = []
    for chosen in product(*values.values()):
        settings = (*shared, *chosen)
        try:
            plans.append(Combination(settings, with_values(plan, settings)))
        except PlanError as error:
            plans.append(Combination(settings, None, str(error)))
    if all(combination.plan is None for combination in plans):
        raise PlanError(plans[0].error)
    return plans


def compare(
    dataset: Path,
    combinations: Sequence[Combination],
    out: Path,
    networks: Networks,
    *,
    split: str = VALIDATION,
    at: int = 5,
    progress: Progress = silent,
) -> list[Result]:
    """Fits every combination and measures it.

    Args:
        out: a folder for the results, a file each; those that are there are not fitted again.
        split: to measure on. If the dataset names no validation split, it is a tenth of the
            training photos; no fit sees it.
        at: how many hashtags of an answer count.

    Returns:
        A result for each combination, in their order.

    Raises:
        DatasetError, WeightsError: a sentence that says what is missing for all of them.
    """
    posts, held_out = _split_posts(dataset, split)
    prepare_folder(out)  # fails now rather than after the first fit
    shared = _Shared(posts, held_out, networks)
    common = {
        "posts": hashlib.sha256((dataset / POSTS).read_bytes()).hexdigest(),
        "backbones": shared.weights(),
        "split": split,
        "at": at,
    }
    results = []
    for number, combination in enumerate(combinations):
        label = " ".join(combination.settings) or "the plan itself"
        plan, settings, error = combination.plan, combination.settings, combination.error
        inputs = common | ({"plan": plan_to_json(plan)} if plan else {"error": error})
        result = Result(dataset.name, split, at, settings, error=error, of=inputs)
        file = result_file(out, settings, inputs)
        stored = read_result(file)
        if stored is not None and not stored.error:
            result = replace(stored, settings=settings)
        else:
            if plan is not None:
                within = _within(progress, label, number, len(combinations))
                result = _measured(shared, plan, result, within)
            write_result(file, result)
        results.append(result)
        progress(label, number + 1, len(combinations))
    if all(result.error for result in results):
        raise DatasetError(results[0].error)
    return results


def _within(progress: Progress, label: str, number: int, total: int) -> Progress:
    """Progress of one combination, as one of all of them."""

    def within(doing: str, done: int, of: int) -> None:
        share = f" {done / of:.0%}" if of else ""
        progress(f"{label}: {doing}{share}", number, total)

    return within


_Key = tuple[Any, ...]


class _Shared:
    """What fits on the same posts share, computed once."""

    def __init__(self, posts: list[Post], held_out: list[Post], networks: Networks) -> None:
        self.hashtags = vocabulary(post.hashtags for post in posts)
        self._posts, self._held_out, self._networks = posts, held_out, networks
        self._photos: tuple[_Key, TrainingSet, list[Post], Embedded] | None = None
        self._vectors: dict[_Key, tuple[dict[str, Floats], Spent]] = {}

    def weights(self) -> dict[str, dict[str, str]]:
        """By backend, its backbone's name and the SHA-256 of its weights."""
        return {
            backend: {name: self._networks.load(name).sha256}
            for backend, name in self._networks.names().items()
        }

    def photos(self, plan: Plan, progress: Progress) -> tuple[TrainingSet, list[Post], Embedded]:
        """The photos to fit on, and the posts and features of those to measure on."""
        # Only the last plan's stay in memory: they can take gigabytes, and reading them seconds.
        key = _key(plan, "features", "vocabulary")
        if self._photos is None or self._photos[0] != key:
            self._photos = None
            training_set = prepare_photos(
                self._posts, plan, self._networks, problems=Problems(), progress=progress
            )
            posts, features, _ = embed_posts(
                self._held_out,
                list(training_set.backbones.values()),
                self._networks.cache_dir,
                progress=progress,
                problems=Problems(),
            )
            self._photos = key, training_set, posts, features
        return self._photos[1:]

    def with_vectors(
        self, training_set: TrainingSet, plan: Plan, progress: Progress
    ) -> tuple[TrainingSet, Spent]:
        """The training set with its hashtags' vectors, and what learning them took."""
        key = _key(plan, "vectors", "vocabulary")
        if key not in self._vectors:
            began = Spent.now()
            learnt = training_set.with_vectors_of(plan, progress).vectors
            self._vectors[key] = learnt, Spent.now() - began
        vectors, spent = self._vectors[key]
        return replace(training_set, vectors=vectors), spent


def _key(plan: Plan, *parts: Part) -> _Key:
    """The values of the knobs that some parts of a fit depend on."""
    return tuple(
        value_of(plan, name) for name, knob in knobs().items() if knob.changes.intersection(parts)
    )


def _measured(shared: _Shared, plan: Plan, result: Result, progress: Progress) -> Result:
    """The result of fitting a plan; one with an error where it cannot be fitted."""
    try:
        training_set, posts, features = shared.photos(plan, progress)
        truth = matrix([post.hashtags for post in posts], shared.hashtags).toarray() > 0
        if not truth.any():
            raise _nothing_to_measure(result.dataset, result.split)
        training_set, spent = shared.with_vectors(training_set, plan, progress)
        began = Spent.now()
        bundle = fit_bundle(training_set, plan, "compared-1", progress)
        spent += Spent.now() - began
    except Exception as error:  # whatever it is, the other plans are still fitted
        log.debug("%s cannot be fitted", result.settings, exc_info=error)
        known = isinstance(error, DatasetError | UnknownBackboneError)
        return replace(result, error=str(error) if known else f"{type(error).__name__}: {error}")
    engine = Engine(bundle, training_set.backbones)
    lengths = lengths_of(posts)
    albums = [post.album for post in posts]
    tops = tops_of_backends(engine, features, shared.hashtags, result.at, progress)
    return replace(
        result,
        photos=len(posts),
        backends={name: measure(top, truth, lengths) for name, top in tops.items()},
        intervals={name: bootstrap(top, truth, lengths, albums) for name, top in tops.items()},
        empty_accuracy=empty_accuracy(truth),
        cpu_seconds=round(spent.cpu, 1),
        seconds=round(spent.clock, 1),
    )


def _split_posts(dataset: Path, split: str) -> tuple[list[Post], list[Post]]:
    """The posts to fit on, and the held-out ones to measure on.

    Raises:
        DatasetError: if either is empty, or they have no hashtag in common.
    """
    if split == "train":
        raise DatasetError("Plans are fitted on the train split: measure on validation or test.")
    train = [post for post in posts_of(dataset, "train") if post.hashtags]
    if split != VALIDATION:
        held_out = posts_of(dataset, split)
    elif any(post.split == VALIDATION for post in train):
        held_out = [post for post in train if post.split == VALIDATION]
    else:
        held_out = drawn(train, VALIDATION_SHARE, f"{VALIDATION} ")
    apart = set(held_out)
    posts = [post for post in train if post not in apart]
    known = {tag for post in posts for tag in post.hashtags}
    if not any(known.intersection(post.hashtags) for post in held_out if post.image):
        raise _nothing_to_measure(dataset.name, split)
    return posts, held_out


def _nothing_to_measure(dataset: str, split: str) -> DatasetError:
    return DatasetError(
        f"No hashtag of {dataset}'s {split!r} photos occurs in its other training posts, so there "
        "is nothing to measure."
    )
