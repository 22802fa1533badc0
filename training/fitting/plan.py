"""A plan: every hyper-parameter of a fit, in one tree, and as JSON.

``tune`` writes plans and ``fit --plan`` takes them; fields that a file does not name keep the
defaults that stand here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal

from recommenders.als import AlsSettings
from training.datasets.format import DatasetError

Loss = Literal["softmax", "kld_bce"]
LOSSES: tuple[Loss, ...] = ("softmax", "kld_bce")


@dataclass(frozen=True)
class AlsPlan:
    """How ALS is fitted.

    Attributes:
        variance: share of the features' variance that the components keep.
        damping: components are scaled by variance^-damping: 0 keeps PCA's own scale, ½ whitens.
        factors, alpha, regularization, iterations: of implicit ALS.
    """

    variance: float = 0.95
    damping: float = 0.35
    factors: int = 256
    alpha: float = 10.0
    regularization: float = 0.1
    iterations: int = 15
    seed: int = 0


@dataclass(frozen=True)
class VectorsPlan:
    """How skip-gram and CBOW vectors of hashtags are learnt.

    Attributes:
        dims: of the vectors.
        window: how far the model looks to either side in a shuffled post.
        negative: hashtags drawn at random against each true neighbour.
        uses: of hashtags that training sees in all: HARRISON's 260,760 fifteen times over, beyond
            which a held-out hashtag is told from a random one no better.
        fewest_epochs, most_epochs: bounds of the epochs that this makes.
        fewest_uses: posts that must carry a hashtag for it to be called similar to another. CBOW
            lays hashtags used once or twice near everything. Recall at 10 of companions in held-out
            posts of instagram_2019, for 1, 2, 3, 5 and 10, over three seeds: skip-gram 0.132,
            0.142, 0.148, 0.152, 0.154, CBOW 0.150, 0.153, 0.157, 0.163, 0.176; HARRISON's, of which
            hardly any is rare, stay within 0.002 (``training.evaluation.similar_recall``).
    """

    dims: int = 150
    window: int = 3
    negative: int = 5
    uses: int = 4_000_000
    fewest_epochs: int = 5
    most_epochs: int = 300
    fewest_uses: int = 10


@dataclass(frozen=True)
class HeadPlan:
    """How a projection head is fitted.

    Attributes:
        hidden: free (ReLU) units of layer one.
        frozen: leaves layer one as it is.
        epochs, patience: at most so many epochs; stops after ``patience`` without a better one.
        stop_after: keeps the head of exactly this epoch of ``epochs``, whatever its validation.
        vector_rate: learning rate of the hashtag vectors relative to the head's; 0 freezes them.
        averaging: decay of the moving average of the steps' weights that becomes the head; 0 takes
            the last step's.
    """

    loss: Loss = "softmax"
    hidden: int = 1280
    frozen: bool = False
    epochs: int = 30
    patience: int = 6
    stop_after: int | None = None
    batch: int = 128
    rate: float = 2e-3
    vector_rate: float = 0.3
    weight_decay: float = 0.05
    dropout: float = 0.5
    averaging: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class ChoosingPlan:
    """What is tried on held-out photos.

    Attributes:
        exponents: how much popularity counts. More only costs recall: F1 no longer rises, and a
            small validation split would hide that.
        als_weights: of ALS in the blend of both backends.
        rare: what the share of hashtags that are recalled at all weighs in the choice of a blend:
            two backends that agree can afford to name rare hashtags.
        most: photos to choose by, at most; more would choose no better.
    """

    exponents: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4)
    als_weights: tuple[float, ...] = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    rare: float = 0.5
    most: int = 5000


@dataclass(frozen=True)
class FusionPlan:
    """How the fusion of both backends is fitted.

    Attributes:
        trees, depth, rate, subsample, leaf: of gradient boosting: how many trees, how deep, what
            each adds, the share of rows it is grown on, the fewest rows in a leaf.
        negatives: the share of hashtags that do not fit which it learns from.
    """

    trees: int = 100
    depth: int = 4
    rate: float = 0.15
    subsample: float = 0.5
    leaf: int = 60
    negatives: float = 0.35
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """Every hyper-parameter of a fit.

    Attributes:
        als: how ALS is fitted.
        als_use: how its neighbours are weighed afterwards; ``alpha`` and ``regularization`` are
            those of ``als``.
        vectors: how hashtag vectors are learnt.
        head: how each projection head is fitted.
        heads: how many are fitted apart and laid side by side.
        choosing: what is tried on held-out photos.
        fusion: how both backends are fused.
        validation: the share of the photos that are held out.
        categories: how many groups posts are put into; by silhouette where None.
    """

    als: AlsPlan = field(default_factory=AlsPlan)
    als_use: AlsSettings = field(default_factory=AlsSettings)
    vectors: VectorsPlan = field(default_factory=VectorsPlan)
    head: HeadPlan = field(default_factory=HeadPlan)
    heads: int = 3
    choosing: ChoosingPlan = field(default_factory=ChoosingPlan)
    fusion: FusionPlan = field(default_factory=FusionPlan)
    validation: float = 0.1
    categories: int | None = None
    seed: int = 0

    def with_loss(self, loss: Loss) -> "Plan":
        """The same with another loss of the projection head."""
        return replace(self, head=replace(self.head, loss=loss))

    def with_seed(self, seed: int) -> "Plan":
        """The same with another seed everywhere."""
        return replace(
            self,
            seed=seed,
            als=replace(self.als, seed=seed),
            head=replace(self.head, seed=seed),
            fusion=replace(self.fusion, seed=seed),
        )


@dataclass(frozen=True)
class Range:
    """Where ``tune`` looks for a better value; on a logarithmic scale with ``log``."""

    low: float
    high: float
    log: bool = False


SEARCH: dict[str, dict[str, Range]] = {
    "als": {
        "als.variance": Range(0.8, 0.99),
        "als.damping": Range(0.0, 0.5),
        "als.factors": Range(32, 512, log=True),
        "als.alpha": Range(1.0, 80.0, log=True),
        "als.regularization": Range(0.01, 10.0, log=True),
        "als_use.neighbours": Range(10, 300, log=True),
        "als_use.sharpness": Range(2.0, 30.0),
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
"""What ``tune`` varies of a plan, by backend."""


class PlanError(DatasetError):
    """A plan that cannot be used; the message says what is wrong in which field."""


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plan as a JSON object, every field of it."""
    # A tuple becomes a list, as it is read back.
    values: dict[str, Any] = json.loads(json.dumps(asdict(plan)))
    return values


def plan_from_json(values: object) -> Plan:
    """The plan of a JSON object; fields that it does not name keep their defaults.

    Raises:
        PlanError: for a field that there is not, or a value of another type.
    """
    plan: Plan = _with_values(Plan(), values, "")
    if plan.head.loss not in LOSSES:
        raise PlanError(f"In the plan head.loss is one of {', '.join(LOSSES)}.")
    if not 0 < plan.validation < 1:
        raise PlanError("In the plan validation is a share of the photos, between 0 and 1.")
    return plan


def read_plan(path: Path) -> Plan:
    """The plan of a file.

    Raises:
        PlanError: where it cannot be read; else as ``plan_from_json``.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{path} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{path} is not JSON ({error}).") from None
    return plan_from_json(values)


def write_plan(plan: Plan, path: Path) -> None:
    """Writes a plan's file, whole or not at all.

    Raises:
        PlanError: where it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(plan_to_json(plan), indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise PlanError(f"{path} cannot be written ({error.strerror}).") from error


def _with_values(default: Any, values: object, where: str) -> Any:
    """A dataclass with the values that an object names."""
    if not isinstance(values, Mapping):
        raise PlanError(f"{where or 'A plan'} must be an object of names and values.")
    defaults = {field.name: getattr(default, field.name) for field in fields(default)}
    changed: dict[str, Any] = {}
    for name, value in values.items():
        full = f"{where}.{name}" if where else str(name)
        if name not in defaults:
            raise PlanError(f"A plan has no field {full}; there are {', '.join(defaults)}.")
        read = _with_values if is_dataclass(defaults[name]) else _checked
        changed[name] = read(defaults[name], value, full)
    return replace(default, **changed)


def _checked(default: object, value: object, where: str) -> object:
    """A value of its default's type; a field that is None by default is a whole number or null."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, tuple):
        if not isinstance(value, list) or not value:
            raise PlanError(f"In the plan {where} must be a list of numbers, not {value!r}.")
        return tuple(_checked(default[0], one, where) for one in value)
    if isinstance(default, bool):
        kind, right = "true or false", isinstance(value, bool)
    elif isinstance(default, str):
        kind, right = "text", isinstance(value, str)
    elif isinstance(default, float):
        kind, right = "a number, 0 or more", number and float(str(value)) >= 0
    else:
        kind = "a whole number, 0 or more"
        right = (number and isinstance(value, int) and value >= 0) or (
            default is None and value is None
        )
    if not right:
        raise PlanError(f"In the plan {where} must be {kind}, not {value!r}.")
    return float(str(value)) if isinstance(default, float) else value
