"""Searching hyper-parameters on held-out photos of the training split; never on the test split.

ALS comes first, since a trial of it takes seconds; then the projection head, each trial judged by
its blend with the best ALS. The popularity exponents and the blend's weight are chosen anew in
every trial. Trials are stored in a study file, so an interrupted search resumes and a longer one
builds on a shorter one: where that finds a better ALS, heads are tried anew beside it, the best of
before first. The first trial is the initial plan, so the best is never worse than that on these
photos.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from recommenders.whole_files import written_whole
from training.datasets.format import DatasetError, Post
from training.fitting.choosing import (
    HeldOut,
    Scored,
    choose_blend,
    choose_exponent,
    validation_rows,
)
from training.fitting.fit import fit_als
from training.fitting.fusion import ScoredAls
from training.fitting.head import fit_w2v, head_recommender
from training.fitting.plan import Plan, value_of, with_changes
from training.fitting.plan_files import plan_to_json
from training.fitting.prepare import TrainingSet
from training.fitting.vectors import starting_vectors
from training.progress import Progress, silent

_ALS_SHARE = 0.25
"""ALS's share of the time; a trial of the head takes much longer."""


@dataclass(frozen=True)
class Range:
    """The interval in which a knob is searched, logarithmically with ``log``."""

    low: float
    high: float
    log: bool = False

    def reaching(self, value: float) -> "Range":
        """The interval, widened to a plan's own value."""
        low, high = min(self.low, value), max(self.high, value)
        return Range(low, high, self.log and low > 0)


SEARCH: dict[str, dict[str, Range]] = {
    "als": {
        "als.variance": Range(0.8, 0.99),
        "als.damping": Range(0.0, 0.5),
        "als.factors": Range(32, 512, log=True),
        "als.alpha": Range(1.0, 80.0, log=True),
        "als.regularization": Range(0.01, 10.0, log=True),
        "als.neighbours": Range(10, 300, log=True),
        "als.sharpness": Range(2.0, 30.0),
    },
    "w2v": {
        "head.hidden": Range(256, 2048, log=True),
        "head.rate": Range(3e-4, 6e-3, log=True),
        "head.vector_rate": Range(0.0, 1.0),
        "head.weight_decay": Range(1e-3, 0.5, log=True),
        "head.dropout": Range(0.1, 0.8),
        "head.batch": Range(32, 512, log=True),
    },
}
"""The knobs that are searched, by backend."""


@dataclass(frozen=True)
class Tuned:
    """The result of a search.

    Attributes:
        gains: by backend ``HeldOut.goodness`` of the initial plan and of the best one. ``w2v`` is
            judged together with the best ALS, if there is one.
        trials: how many were compared.
        photos: how many were held out.
    """

    gains: dict[str, tuple[float, float]]
    trials: int
    photos: int


def tune(
    training_set: TrainingSet,
    plan: Plan,
    study_file: Path,
    *,
    trials: int = 30,
    seconds: float | None = None,
    on_better: Callable[[Plan], None] = lambda plan: None,
    progress: Progress = silent,
) -> Tuned:
    """Searches for a better plan.

    Args:
        plan: the initial plan.
        study_file: where trials are stored; created if missing.
        trials: how many of each backend in total, earlier runs' included; of heads, those beside
            the same ALS.
        seconds: time limit; None for none. ALS gets a quarter. A trial that has begun is finished.
        on_better: called with every plan that is better than those before it.

    Raises:
        DatasetError: where Optuna is not installed, or the study is another dataset's.
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    judge = _Judge(training_set, plan)
    begun = time.monotonic()
    storage = _storage(optuna, study_file, _fingerprint(training_set, plan))
    backends = list(training_set.backbone_of)
    gains: dict[str, tuple[float, float]] = {}
    count = 0
    als: Scored | None = None
    beside = ""
    for backend in backends:
        share = _ALS_SHARE if backend == "als" and len(backends) == 2 else 1.0
        goodness = partial(judge.goodness, backend, als)
        search = _Search(optuna, storage, backend, plan, goodness, beside)
        deadline = None if seconds is None else begun + share * seconds
        search.run(trials, deadline, on_better, progress)
        plan = search.best()
        gains[backend] = search.gain()
        count += search.done()
        if backend == "als" and "w2v" in backends:
            als = judge.scores("als", plan)
            beside = json.dumps(_values_of(plan, "als"))
    on_better(plan)
    return Tuned(gains, count, len(judge.held_out.lengths))


class _Search:
    """The search of one backend's hyper-parameters.

    Args:
        goodness: judges a plan.
        beside: the ALS by which it judges heads; trials beside another are no measure.
    """

    def __init__(
        self,
        optuna: Any,
        storage: Any,
        backend: str,
        plan: Plan,
        goodness: Callable[[Plan], float],
        beside: str,
    ) -> None:
        self._complete = (optuna.trial.TrialState.COMPLETE,)
        self._backend, self._plan, self._goodness = backend, plan, goodness
        self._earlier = [
            study.best_trial.params
            for study in optuna.get_all_study_summaries(storage)
            if study.study_name.startswith(backend) and study.best_trial
        ]
        self._study = optuna.create_study(
            study_name=f"{backend} {beside}".rstrip(),
            storage=storage,
            direction="maximize",
            load_if_exists=True,
        )
        # A resumed run must not draw the same numbers as the run before it.
        self._study.sampler = optuna.samplers.TPESampler(seed=plan.seed + self.done())
        if not self.done():
            self._study.enqueue_trial(_values_of(plan, backend))

    def run(
        self,
        trials: int,
        deadline: float | None,
        on_better: Callable[[Plan], None],
        progress: Progress,
    ) -> None:
        """Runs trials up to a total number or a deadline, but at least one."""
        progress(self._backend, self.done(), trials)
        while self.done() < trials:
            if deadline is not None and self.done() and time.monotonic() > deadline:
                break
            self._study.optimize(self._try, n_trials=1)
            progress(f"{self._backend}, best {self._study.best_value:.4f}", self.done(), trials)
            if self._study.best_trial.number == self._completed()[-1].number:
                on_better(self.best())
            if self.done() == 1:
                for values in self._earlier:
                    self._study.enqueue_trial(values, skip_if_exists=True)

    def best(self) -> Plan:
        """The plan with the best values."""
        return with_changes(self._plan, self._study.best_params)

    def gain(self) -> tuple[float, float]:
        """Goodness of the first trial, which is the initial plan, and of the best."""
        first = self._completed()[0]
        return float(first.value), float(self._study.best_value)

    def done(self) -> int:
        """The number of completed trials."""
        return len(self._completed())

    def _completed(self) -> list[Any]:
        return list(self._study.get_trials(deepcopy=False, states=self._complete))

    def _try(self, trial: Any) -> float:
        values: dict[str, Any] = {}
        for name, default in _values_of(self._plan, self._backend).items():
            bounds = SEARCH[self._backend][name].reaching(default)
            suggest = trial.suggest_int if isinstance(default, int) else trial.suggest_float
            values[name] = suggest(name, bounds.low, bounds.high, log=bounds.log)
        return self._goodness(with_changes(self._plan, values))


class _Judge:
    """Scores plans: fits them on some photos and measures them on the held-out ones."""

    def __init__(self, training_set: TrainingSet, plan: Plan) -> None:
        photos = training_set.photos
        fit_rows, rows = validation_rows(photos, plan)
        self._training_set = training_set
        self._fit_on = training_set.examples.rows(fit_rows)
        self._examples = training_set.examples.rows(rows)
        self.held_out = HeldOut.of(self._fit_on, self._examples, [photos[row] for row in rows])

    def goodness(self, backend: str, als: Scored | None, plan: Plan) -> float:
        """How good a plan is; a head is judged by its blend with ``als``, where there is one."""
        scored = self.scores(backend, plan)
        if als is None:
            _, top = choose_exponent(scored, self.held_out, plan.choosing)
        else:
            _, top = choose_blend(als, scored, self.held_out, plan.choosing)
        return self.held_out.goodness(top)

    def scores(self, backend: str, plan: Plan) -> Scored:
        """Scores of the held-out photos by a backend fitted with a plan."""
        data = self._training_set
        backbone = data.backbones[data.backbone_of[backend]]
        if backend == "als":
            recommender, _ = fit_als(self._fit_on, backbone, plan)
            return ScoredAls(recommender, self._examples.features[backbone.name])
        start = starting_vectors(data.vectors, len(data.hashtags), plan)
        fitted = fit_w2v(
            self._fit_on, self._examples, backbone.name, start, self.held_out.popularity, plan.head
        )
        head = head_recommender(backbone.name, fitted, data.hashtags_per_post)
        return Scored(head, self._examples.features[backbone.name])


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise DatasetError(
            "Tuning needs Optuna, which is optional: .venv/bin/pip install 'tag4pic[tune]'."
        ) from None
    return optuna


def _storage(optuna: Any, path: Path, fingerprint: str) -> Any:
    """Opens the study file; refuses one of other data."""
    from optuna.storages.journal import JournalFileBackend

    note = path.with_name(f"{path.name}.of.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and note.exists() and note.read_text(encoding="utf-8") != fingerprint:
            raise DatasetError(
                f"{path} holds trials with other posts, another backbone or another starting plan, "
                "or those of an earlier version of tag4pic. Choose another file with --study, or "
                "delete this one."
            )
        with written_whole(note) as unfinished:
            unfinished.write_text(fingerprint, encoding="utf-8")
        return optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be written ({error.strerror}). Choose another file with --study."
        ) from error
    except (ValueError, KeyError) as error:
        raise DatasetError(
            f"{path} is not a study ({error}). Choose another file with --study, or delete this "
            "one."
        ) from error


def _fingerprint(training_set: TrainingSet, plan: Plan) -> str:
    return json.dumps(
        {
            "posts": _digest(training_set.posts),
            "photos": _digest(training_set.photos),
            "backbones": {name: b.sha256 for name, b in training_set.backbones.items()},
            "backends": training_set.backbone_of,
            "plan": plan_to_json(plan),
        },
        sort_keys=True,
    )


def _digest(posts: Sequence[Post]) -> str:
    """Of what a fit learns from, wherever the photos are."""
    rows = [[one.image and one.image.name, one.hashtags, one.album, one.split] for one in posts]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _values_of(plan: Plan, backend: str) -> dict[str, Any]:
    """The knobs of a plan that are searched, and their values."""
    return {name: value_of(plan, name) for name in SEARCH[backend]}
