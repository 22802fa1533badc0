"""Searching hyper-parameters on photos of the training split that are held back; never on the test.

ALS comes first, as a trial of it takes seconds; then the projection head, each trial judged by the
blend of its head with the best ALS. The popularity exponents and the blend's weight are chosen anew
in every trial. Trials are kept in a study file, so a search that is interrupted goes on, and a
longer one builds on a shorter one. The first trial is the plan that was given, so the plan found is
never worse than it on these photos.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from training.datasets.format import DatasetError
from training.features.examples import Examples
from training.fitting.fit import (
    Plan,
    Report,
    fit_als,
    fit_w2v,
    head_recommender,
    held_back,
    lengths_of,
    starting_vectors,
    validation_rows,
)
from training.fitting.fusion import Held, Scored, choose_blend, choose_exponent
from training.fitting.plan import plan_to_json
from training.fitting.prepare import Prepared, silent

_ALS_SHARE = 0.25
"""Of the time; a trial of the head takes much longer."""
_ALS_FIT = ("variance", "damping", "factors", "alpha", "regularization")
_ALS_USE = ("neighbours", "sharpness")
_HEAD = ("hidden", "rate", "vector_rate", "weight_decay", "dropout", "batch")


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Attributes:
        plan: the best.
        gains: by backend how good the plan to start from was on the photos held back, and how good
            the best one is, by ``Held.goodness``. ``w2v`` is judged together with the best
            ALS, where there is one.
        trials: how many there are in the study by now.
        photos: how many were held back.
    """

    plan: Plan
    gains: dict[str, tuple[float, float]]
    trials: int
    photos: int


@dataclass(frozen=True)
class _Judged:
    """The photos that plans are fitted on, and those that they are judged by."""

    fit_on: Examples
    held: Examples
    held_back: Held
    per_post: float


def tune(
    prepared: Prepared,
    plan: Plan,
    study_file: Path,
    *,
    trials: int = 30,
    seconds: float | None = None,
    keep: Callable[[Plan], None] = lambda plan: None,
    report: Report = silent,
) -> Tuned:
    """Searches for a better plan.

    Args:
        plan: what to start from.
        study_file: where trials are kept; made where it is not there.
        trials: how many there shall be of each backend, earlier runs' included.
        seconds: stops after so many; None for no limit. ALS gets a quarter of them. A trial that
            has begun is finished.
        keep: called with every plan that is better than those before it.

    Raises:
        DatasetError: where Optuna is not installed, or the study is another dataset's.
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    judged = _judged(prepared, plan)
    begun = time.monotonic()
    storage = _storage(optuna, study_file, _fingerprint(prepared, plan))
    gains: dict[str, tuple[float, float]] = {}
    count = 0
    als: Scored | None = None
    for backend in prepared.names:
        share = _ALS_SHARE if backend == "als" and len(prepared.names) == 2 else 1.0
        search = _Search(
            optuna,
            storage,
            backend,
            plan,
            judge=partial(_judge, prepared, judged, backend, als),
            keep=keep,
            report=report,
        )
        search.run(trials, None if seconds is None else begun + share * seconds)
        plan = search.best()
        gains[backend] = search.gain()
        count += search.done()
        if backend == "als" and "w2v" in prepared.names:
            als = _als_scores(prepared, judged, plan)
    keep(plan)
    return Tuned(plan, gains, count, len(judged.held_back.lengths))


class _Search:
    """The search of one backend's hyper-parameters."""

    def __init__(
        self,
        optuna: Any,
        storage: Any,
        backend: str,
        plan: Plan,
        *,
        judge: Callable[[Plan], float],
        keep: Callable[[Plan], None],
        report: Report,
    ) -> None:
        self._complete = (optuna.trial.TrialState.COMPLETE,)
        self._backend, self._plan = backend, plan
        self._judge, self._keep, self._report = judge, keep, report
        self._study = optuna.create_study(
            study_name=backend, storage=storage, direction="maximize", load_if_exists=True
        )
        # A run that goes on must not draw the numbers again that the run before it drew.
        self._study.sampler = optuna.samplers.TPESampler(seed=plan.seed + self.done())
        if not self.done():
            self._study.enqueue_trial(_as_trial(plan, backend))

    def run(self, trials: int, deadline: float | None) -> None:
        """Tries until there are so many trials or time is up, but one at least."""
        self._report(self._backend, self.done(), trials)
        while self.done() < trials:
            if deadline is not None and self.done() and time.monotonic() > deadline:
                break
            self._study.optimize(self._try, n_trials=1)
            self._report(f"{self._backend}, best {self._study.best_value:.4f}", self.done(), trials)
            if self._study.best_trial.number == self._study.trials[-1].number:
                self._keep(self.best())

    def best(self) -> Plan:
        """The plan with the best values."""
        return _with(self._plan, self._backend, self._study.best_params)

    def gain(self) -> tuple[float, float]:
        """How good the first trial was, which is the plan that was given, and the best."""
        first = self._study.get_trials(deepcopy=False, states=self._complete)[0]
        return float(first.value), float(self._study.best_value)

    def done(self) -> int:
        """Trials that came to their end."""
        return len(self._study.get_trials(deepcopy=False, states=self._complete))

    def _try(self, trial: Any) -> float:
        return self._judge(_suggest(trial, self._plan, self._backend))


def _judge(
    prepared: Prepared, judged: _Judged, backend: str, als: Scored | None, plan: Plan
) -> float:
    """How good a plan is; a head is judged by its blend with ``als``, where there is one."""
    score = _als_scores if backend == "als" else _head_scores
    scored = score(prepared, judged, plan)
    if als is None:
        _, top = choose_exponent(scored, judged.held_back)
    else:
        _, top = choose_blend(als, scored, judged.held_back)
    return judged.held_back.goodness(top)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise DatasetError(
            "Tuning needs Optuna, which is optional: pip install 'tag4pic[tune]'."
        ) from None
    return optuna


def _storage(optuna: Any, path: Path, fingerprint: str) -> Any:
    """The study file, of this dataset and no other."""
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    note = path.with_name(f"{path.name}.of.json")
    if path.exists() and note.exists() and note.read_text(encoding="utf-8") != fingerprint:
        raise DatasetError(
            f"{path} holds trials on other posts, another backbone or another plan to start from. "
            "Choose another file with --study, or delete this one."
        )
    note.write_text(fingerprint, encoding="utf-8")
    try:
        return optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    except (ValueError, KeyError) as error:
        raise DatasetError(
            f"{path} is no study ({error}). Choose another file with --study, or delete this one."
        ) from error


def _fingerprint(prepared: Prepared, plan: Plan) -> str:
    return json.dumps(
        {
            "posts": len(prepared.posts),
            "photos": len(prepared.photos.posts),
            "hashtags": len(prepared.hashtags),
            "uses": float(prepared.examples.counts.sum()),
            "backbones": {name: b.sha256 for name, b in prepared.backbones.items()},
            "backends": prepared.names,
            "plan": plan_to_json(plan),
        },
        sort_keys=True,
    )


def _judged(prepared: Prepared, plan: Plan) -> _Judged:
    photos = prepared.photos.posts
    fit_rows, held_rows = validation_rows(photos, plan.validation, plan.seed)
    fit_on, held = prepared.examples.rows(fit_rows), prepared.examples.rows(held_rows)
    return _Judged(
        fit_on,
        held,
        held_back(fit_on, held, [photos[row] for row in held_rows]),
        float(np.mean(lengths_of([post.hashtags for post in photos]))),
    )


def _als_scores(prepared: Prepared, judged: _Judged, plan: Plan) -> Scored:
    backbone = prepared.backbones[prepared.names["als"]]
    recommender, _ = fit_als(judged.fit_on, backbone, plan)
    return Scored(recommender, judged.held.features[backbone.name])


def _head_scores(prepared: Prepared, judged: _Judged, plan: Plan) -> Scored:
    backbone = prepared.backbones[prepared.names["w2v"]]
    start = starting_vectors(prepared.vectors, len(prepared.hashtags), plan.seed)
    fitted = fit_w2v(
        judged.fit_on, judged.held, backbone.name, start, judged.held_back.popularity, plan
    )
    recommender = head_recommender(backbone.name, fitted, judged.per_post)
    return Scored(recommender, judged.held.features[backbone.name])


def _suggest(trial: Any, plan: Plan, backend: str) -> Plan:
    """The plan of a trial."""
    values: dict[str, Any] = {}
    if backend == "als":
        values["variance"] = trial.suggest_float("variance", 0.8, 0.99)
        values["damping"] = trial.suggest_float("damping", 0.0, 0.5)
        values["factors"] = trial.suggest_int("factors", 32, 512, log=True)
        values["alpha"] = trial.suggest_float("alpha", 1.0, 80.0, log=True)
        values["regularization"] = trial.suggest_float("regularization", 0.01, 10.0, log=True)
        values["neighbours"] = trial.suggest_int("neighbours", 10, 300, log=True)
        values["sharpness"] = trial.suggest_float("sharpness", 2.0, 30.0)
    else:
        values["hidden"] = trial.suggest_int("hidden", 256, 2048, log=True)
        values["rate"] = trial.suggest_float("rate", 3e-4, 6e-3, log=True)
        values["vector_rate"] = trial.suggest_float("vector_rate", 0.0, 1.0)
        values["weight_decay"] = trial.suggest_float("weight_decay", 1e-3, 0.5, log=True)
        values["dropout"] = trial.suggest_float("dropout", 0.1, 0.8)
        values["batch"] = trial.suggest_int("batch", 32, 512, log=True)
    return _with(plan, backend, values)


def _with(plan: Plan, backend: str, values: dict[str, Any]) -> Plan:
    if backend == "w2v":
        return replace(plan, head=replace(plan.head, **values))
    use = {name: values[name] for name in _ALS_USE}
    fit = {name: values[name] for name in _ALS_FIT}
    return replace(plan, als=replace(plan.als, **fit), als_use=replace(plan.als_use, **use))


def _as_trial(plan: Plan, backend: str) -> dict[str, Any]:
    """The values of a plan, as the first trial takes them."""
    if backend == "w2v":
        return {name: getattr(plan.head, name) for name in _HEAD}
    return {name: getattr(plan.als, name) for name in _ALS_FIT} | {
        name: getattr(plan.als_use, name) for name in _ALS_USE
    }
