"""Fitting the projection head: photo features to the space of hashtag vectors.

Loss ``softmax`` is cross entropy of ``softmax(scale · cos(head(x), hashtag) + prior)`` against the
post's hashtags, with a learned scale and a prior that starts at the log frequency. Regressing the
mean hashtag vector instead (the baseline ``w2v_seed``) lands among rare hashtags and halves recall
at five. ``kld_bce`` is KL divergence + 0.1 · binary cross entropy with logits, another published
choice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from scipy.linalg import block_diag
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from recommenders.arrays import Floats, unit
from recommenders.backbones.registry import dims as dims_of
from recommenders.w2v import ProjectionHead, Word2VecRecommender
from training.evaluation.metrics import weighted_recall
from training.features.examples import Examples, Features, Picked
from training.fitting.choosing import Scored
from training.fitting.plan import HeadPlan, Loss
from training.progress import Progress, silent


@dataclass(frozen=True)
class FittedHead:
    """The result of a fit: arrays for a bundle, and the losses.

    Attributes:
        head: the two layers.
        vectors: (V, d) float32 hashtag vectors as fitted.
        prior: (V,) float32.
        scale: multiplies cosines.
        history: (training loss, validation score) per epoch.
    """

    head: ProjectionHead
    vectors: Floats
    prior: Floats
    scale: float
    history: list[tuple[float, float]]


@dataclass(frozen=True)
class ClassUnits:
    """Units of layer one that are a classifier's classes.

    Attributes:
        weight, bias: of the backbone's ImageNet classifier, (classes, dims) and (classes,).
        vectors: (classes, d) mean vector of each class's hashtags.
    """

    weight: Floats
    bias: Floats
    vectors: Floats


class _Network(nn.Module):
    def __init__(self, start: FittedHead, plan: HeadPlan) -> None:
        super().__init__()
        head = start.head
        self.classes, self.temperature = head.classes, head.temperature
        self.groups = head.groups
        self.layer1 = nn.Linear(head.weight1.shape[1], len(head.weight1))
        self.layer2 = nn.Linear(len(head.weight1), len(head.weight2))
        for layer, weight, bias in (
            (self.layer1, head.weight1, head.bias1),
            (self.layer2, head.weight2, head.bias2),
        ):
            layer.weight.data = torch.from_numpy(weight.copy())
            layer.bias.data = torch.from_numpy(bias.copy())
        self.vectors = nn.Parameter(torch.from_numpy(start.vectors.copy()))
        self.prior = nn.Parameter(torch.from_numpy(start.prior.copy()))
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(start.scale))))
        free = len(head.weight1) - head.classes
        self.norm = nn.BatchNorm1d(free) if plan.batch_norm else None
        self.dropout = nn.Dropout(plan.dropout)
        self.vectors.requires_grad_(plan.vector_rate > 0)
        self.layer1.requires_grad_(not plan.frozen)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        raw = self.layer1(features)
        free = raw[:, self.classes :]
        hidden = self.dropout(torch.relu(free if self.norm is None else self.norm(free)))
        if self.classes:
            classes = torch.softmax(raw[:, : self.classes] / self.temperature, dim=1)
            hidden = torch.cat([classes, hidden], dim=1)
        projected = self.layer2(hidden)
        cosine = self._directions(projected) @ self._directions(self.vectors).T
        return self.log_scale.exp() / self.groups * cosine + self.prior

    def layer1_as_served(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of layer one, with batch normalisation folded in."""
        weight, bias = self.layer1.weight.detach(), self.layer1.bias.detach()
        if self.norm is None:
            return weight, bias
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None and variance is not None
        scale = torch.ones_like(bias)
        shift = torch.zeros_like(bias)
        scale[self.classes :] = self.norm.weight.detach() / (variance + self.norm.eps).sqrt()
        shift[self.classes :] = self.norm.bias.detach() - scale[self.classes :] * mean
        return scale[:, None] * weight, scale * bias + shift

    def _directions(self, rows: torch.Tensor) -> torch.Tensor:
        sliced = rows.view(len(rows), self.groups, -1)
        return functional.normalize(sliced, dim=2).reshape(rows.shape)


def head_recommender(
    backbone: str, fitted: FittedHead, hashtags_per_post: float
) -> Word2VecRecommender:
    return Word2VecRecommender(
        backbone, fitted.head, fitted.vectors, fitted.prior, fitted.scale, hashtags_per_post
    )


def fit_w2v(
    examples: Examples,
    held_out: Examples,
    backbone: str,
    vectors: Floats,
    popularity: Floats,
    plan: HeadPlan,
    *,
    weights: Floats | None = None,
    classes: ClassUnits | None = None,
    progress: Progress = silent,
) -> FittedHead:
    """Fits a head on photos, stopping by recall at five on ``held_out``, for ``plan.uses`` at most.

    Args:
        vectors: (V, d) to start from.
        popularity: (V,) share of posts that carry each hashtag, above 0.
        weights: (n,) of the photos, mirrored ones after the others.
        classes: come first in layer one, before units drawn at random.
    """
    features, counts = examples.augmented(backbone)
    carried = np.asarray(counts.sum(axis=1)).ravel() > 0
    if not carried.all():
        rows = np.flatnonzero(carried)
        features, counts = Picked([features], rows), counts[rows]
        weights = None if weights is None else weights[rows]
    start = _initial_head(dims_of(backbone), vectors, popularity, plan, classes)
    plan = plan.of(len(features))

    def validate(fitted: FittedHead) -> float:
        recommender = head_recommender(backbone, fitted, 1.0)
        top = Scored(recommender, held_out.features[backbone]).top()
        return weighted_recall(top, held_out.counts)

    # Always one thread, since more could round differently in validation.
    with threadpool_limits(1, "blas"):
        return fit_head(features, counts, start, plan, validate, weights=weights, progress=progress)


def _initial_head(
    dims: int,
    vectors: Floats,
    popularity: Floats,
    plan: HeadPlan,
    classes: ClassUnits | None,
) -> FittedHead:
    """A head to start from, for features (n, dims); other arguments as for ``fit_w2v``."""
    generator = torch.Generator().manual_seed(plan.seed)
    width = vectors.shape[1]

    def kaiming(rows: int, columns: int) -> Floats:
        drawn = torch.randn(rows, columns, generator=generator) * (2.0 / max(columns, 1)) ** 0.5
        return np.asarray(drawn.numpy(), np.float32)

    weight1, bias1 = kaiming(plan.hidden, dims), np.zeros(plan.hidden, np.float32)
    weight2 = kaiming(width, plan.hidden) * np.float32(0.5)
    count = 0 if classes is None else len(classes.weight)
    if classes is not None:
        weight1 = np.concatenate([classes.weight, weight1])
        bias1 = np.concatenate([classes.bias, bias1])
        weight2 = np.concatenate([classes.vectors.T * np.float32(3), weight2], axis=1)
    return FittedHead(
        ProjectionHead(weight1, bias1, weight2, np.zeros(width, np.float32), count),
        vectors.astype(np.float32),
        np.log(popularity).astype(np.float32),
        10.0,
        [],
    )


@contextmanager
def _denormals_as_zero() -> Iterator[None]:
    """Treats numbers below 1e-38, which a softmax leaves, as 0: they slow products down 50-fold."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@_denormals_as_zero()
def fit_head(
    features: Features,
    targets: csr_matrix,
    start: FittedHead,
    plan: HeadPlan,
    validate: Callable[[FittedHead], float],
    *,
    weights: Floats | None = None,
    progress: Progress = silent,
) -> FittedHead:
    """Fits a head with early stopping; deterministic for a seed.

    Args:
        features: (n, dims).
        targets: (n, V) weights of each photo's hashtags.
        start: what to start from: ``_initial_head``, or a fitted head to fine-tune.
        validate: scores a head on photos that are not in ``features``; higher is better.
        weights: (n,) of the photos.

    Returns:
        The head of the best epoch.
    """
    # The steps are small: threads would spend their time waiting for one another.
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    generator = torch.Generator().manual_seed(plan.seed)
    network = _Network(start, plan)
    layer1, layer2 = network.layer1, network.layer2
    undecayed = [layer1.bias, layer2.bias, network.log_scale, network.prior]
    undecayed += [] if network.norm is None else list(network.norm.parameters())
    vector_rate = plan.rate * plan.vector_rate
    groups: list[dict[str, Any]] = [
        {"params": [layer1.weight, layer2.weight]},
        {"params": undecayed, "weight_decay": 0.0},
        {"params": [network.vectors], "lr": vector_rate, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=plan.weight_decay, fused=True)
    total_steps = -(-len(features) // plan.batch) * plan.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=[g["lr"] for g in optimizer.param_groups],
        total_steps=total_steps,
        # A tenth of ten steps makes a warm-up of length zero, by which OneCycleLR divides.
        pct_start=0.2 if total_steps == 10 else 0.1,
    )
    counts = torch.from_numpy(np.ones(len(features), np.float32) if weights is None else weights)
    average = None
    if plan.averaging:
        smooth = get_ema_multi_avg_fn(plan.averaging)  # type: ignore[no-untyped-call]
        average = AveragedModel(network, multi_avg_fn=smooth)
    best, best_score, since = start, -np.inf, 0
    history: list[tuple[float, float]] = []
    for epoch in range(plan.epochs):
        network.train()
        total = 0.0
        order = torch.randperm(len(features), generator=generator)
        for rows in order.split(plan.batch):  # type: ignore[no-untyped-call]
            if plan.batch_norm and len(rows) == 1:
                continue  # one photo has no variance
            batch = torch.from_numpy(features[rows.numpy()]).float()
            target = torch.from_numpy(targets[rows.numpy()].toarray())
            loss = (_loss(network(batch), target, plan.loss) * counts[rows]).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if average is not None:
                average.update_parameters(network)
            total += float(loss.detach()) * len(rows)
        fitted = _fitted(network if average is None else cast(_Network, average.module), history)
        score = validate(fitted)
        history.append((total / len(features), score))
        progress(f"projection head, validation {score:.3f}", epoch + 1, plan.epochs)
        if epoch + 1 == plan.stop_after:
            best = fitted
            break
        if plan.stop_after is not None:
            continue
        since += 1
        if score > best_score:
            best, best_score, since = fitted, score, 0
        elif since >= plan.patience:
            break
    return replace(best, history=history)


def side_by_side(heads: Sequence[FittedHead]) -> FittedHead:
    """Joins heads into one, each a group of it: the mean of their logits, with a common scale.

    Layer two is block diagonal. Heads that start from a classifier cannot be joined.
    """
    return FittedHead(
        ProjectionHead(
            np.concatenate([fitted.head.weight1 for fitted in heads]),
            np.concatenate([fitted.head.bias1 for fitted in heads]),
            block_diag(*(fitted.head.weight2 for fitted in heads)),
            np.concatenate([fitted.head.bias2 for fitted in heads]),
            groups=len(heads),
        ),
        np.concatenate([unit(fitted.vectors) for fitted in heads], axis=1),
        np.asarray(np.mean([fitted.prior for fitted in heads], axis=0), np.float32),
        float(np.mean([fitted.scale for fitted in heads])),
        heads[0].history,
    )


def _loss(logits: torch.Tensor, target: torch.Tensor, loss: Loss) -> torch.Tensor:
    """A loss per photo: (n,) of logits and weights of hashtags, both (n, V)."""
    share = target / target.sum(dim=1, keepdim=True).clamp_min(1e-6)
    log_share = torch.log_softmax(logits, dim=1)
    if loss == "softmax":
        return -(share * log_share).sum(dim=1)
    divergence = functional.kl_div(log_share, share, reduction="none").sum(dim=1)
    binary = functional.binary_cross_entropy_with_logits(
        logits, target.clamp_max(1.0), reduction="none"
    )
    return divergence + 0.1 * binary.sum(dim=1)


def _fitted(network: _Network, history: list[tuple[float, float]]) -> FittedHead:
    def array(tensor: torch.Tensor) -> Floats:
        copied: Floats = tensor.detach().numpy().copy()
        return copied

    weight1, bias1 = network.layer1_as_served()
    return FittedHead(
        ProjectionHead(
            array(weight1),
            array(bias1),
            array(network.layer2.weight),
            array(network.layer2.bias),
            network.classes,
            network.temperature,
            network.groups,
        ),
        array(network.vectors),
        array(network.prior),
        float(network.log_scale.detach().exp()),
        history,
    )
