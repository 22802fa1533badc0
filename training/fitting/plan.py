"""A plan: every hyper-parameter of a fit, in one tree, each a knob with a name.

``train plan`` lists them, ``fit --set vectors.window=2`` turns one; ``training.fitting.plan_files``
reads and writes a plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Literal, get_args

from recommenders.backbones.registry import SIDES
from training.fitting.knobs import (
    Flag,
    Knob,
    OneOf,
    PlanError,
    Real,
    Several,
    Whole,
    checked_value,
    knob,
    knob_named,
    knobs_in,
    section,
    shown,
)
from training.fitting.plan_rules import contradictions

Loss = Literal["softmax", "kld_bce"]
Model = Literal["skipgram", "cbow"]
MODELS: tuple[Model, ...] = ("skipgram", "cbow")


@dataclass(frozen=True)
class PhotosPlan:
    """How photos are prepared for the networks."""

    side: int | None = knob(
        None,
        Whole(*SIDES, none="the network's own"),
        "Side in pixels of the square image fed to a network, such as 200 or 224.",
    )
    mirrored: bool = knob(True, Flag(), "Also learn from each photo mirrored left to right.")
    jitter: int = knob(
        0, Whole(0, 20), "Recoloured copies of each photo that the head also learns from."
    )
    jitter_strength: float = knob(
        0.2,
        Real(0, 1, above=True),
        "How far brightness, contrast and saturation of a copy vary; hue varies a quarter as far.",
    )


@dataclass(frozen=True)
class AlsPlan:
    """How ALS is fitted, and how its neighbours are weighed.

    Attributes:
        class_weight, class_power: of the backbone's own classes, as ``AlsSettings``; for a bundle
            that knows hashtags of classes, as the starter does.
        seed: the plan's.
    """

    variance: float = knob(
        0.95,
        Real(0, 1, above=True),
        "Share of the features' variance that PCA keeps; 0.85 is the published recipe's.",
    )
    damping: float = knob(
        0.35,
        Real(0, 1),
        "Components are scaled by variance^-damping: 0 keeps PCA's own scale, 0.5 whitens.",
    )
    factors: int = knob(256, Whole(1, 2048), "Factors per photo and per hashtag.")
    alpha: float = knob(
        10.0,
        Real(0, 10_000, above=True),
        "Confidence in a hashtag that is on a photo; all others have 1.",
    )
    regularization: float = knob(
        0.1, Real(0, 1000, above=True), "How strongly factors are pulled towards 0."
    )
    iterations: int = knob(15, Whole(1, 500), "Rounds of alternating least squares.")
    neighbours: int = knob(
        50, Whole(1, 5000), "Known photos whose factors are averaged for a new one."
    )
    sharpness: float = knob(
        15.0,
        Real(0, 200),
        "A neighbour's weight is exp(sharpness x cosine); 0 gives the plain mean.",
    )
    class_weight: float = 0.0
    class_power: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class VectorsPlan:
    """How skip-gram and CBOW vectors of hashtags are learnt."""

    model: Model = knob(
        "skipgram",
        OneOf(MODELS),
        "Which vectors the head starts from; both kinds are learnt.",
        "head",
    )
    dims: int = knob(150, Whole(2, 1000), "Length of a hashtag's vector.")
    window: int = knob(
        3, Whole(1, 100), "Context: this many hashtags on either side, in a shuffled post."
    )
    negative: int = knob(
        5, Whole(1, 100), "Random hashtags drawn as negatives for each true neighbour."
    )
    min_count: int = knob(
        1, Whole(1, 1_000_000), "Fewest posts a hashtag must be on to get a vector."
    )
    epochs: int | None = knob(
        None, Whole(1, 1000, none="from vectors.uses"), "Passes over all posts."
    )
    # Fifteen epochs of HARRISON's 260,760 hashtags; more tell held-out hashtags from random ones no
    # better.
    uses: int = knob(
        4_000_000,
        Whole(1, 1_000_000_000),
        "Hashtags to read in total; sets the number of epochs.",
    )
    fewest_epochs: int = knob(5, Whole(1, 1000), "Minimum epochs, whatever vectors.uses gives.")
    most_epochs: int = knob(300, Whole(1, 1000), "Maximum epochs, whatever vectors.uses gives.")
    fewest_uses: int = knob(
        10, Whole(1, 1_000_000), "Fewest posts a hashtag must be on to be listed as similar."
    )


@dataclass(frozen=True)
class HeadPlan:
    """How a projection head is fitted.

    Attributes:
        frozen: leaves layer one as it is; for a head that starts from a fitted one.
        seed: the plan's, each head's own.
    """

    loss: Loss = knob(
        "softmax",
        OneOf(get_args(Loss)),
        "Cross entropy, or KL divergence + 0.1 x binary cross entropy.",
    )
    hidden: int = knob(1280, Whole(1, 8192), "Units (ReLU) of layer one.")
    batch_norm: bool = knob(False, Flag(), "Batch-normalise layer one.")
    epochs: int = knob(30, Whole(1, 1000), "Maximum passes over all photos.")
    # Three times what Corel5k takes in all its epochs, ten minutes on two cores for three heads.
    uses: int = knob(
        800_000,
        Whole(1, 1_000_000_000),
        "Maximum photos read in total, copies included; many photos mean fewer epochs.",
    )
    patience: int = knob(
        6, Whole(1, 1000), "Stop after this many epochs without improvement on held-out photos."
    )
    stop_after: int | None = knob(
        None,
        Whole(1, 1000, none="by patience"),
        "Take the head after exactly this epoch, regardless of held-out photos.",
    )
    batch: int = knob(128, Whole(1, 8192), "Photos per step.")
    rate: float = knob(2e-3, Real(0, 1, above=True), "Peak learning rate.")
    vector_rate: float = knob(
        0.3,
        Real(0, 10),
        "Learning rate of hashtag vectors, relative to head.rate; 0 keeps them as learnt.",
    )
    weight_decay: float = knob(
        0.05, Real(0, 10), "How strongly the layers' weights are pulled towards 0."
    )
    dropout: float = knob(0.5, Real(0, 1, below=True), "Share of units dropped in each step.")
    averaging: float = knob(
        0.0,
        Real(0, 1, below=True),
        "Decay of the moving average of weights used as the head; 0 uses the last step's.",
    )
    frozen: bool = False
    seed: int = 0

    def of(self, photos: int) -> "HeadPlan":
        """The plan for a number of photos (copies included), its epochs limited by ``uses``."""
        allowed = max(1, -(-self.uses // max(photos, 1)), self.stop_after or 1)
        return replace(self, epochs=min(self.epochs, allowed))


@dataclass(frozen=True)
class ChoosingPlan:
    """Values tried on held-out photos, and how many of these there are."""

    # More only costs recall: F1 no longer rises, and a small validation split would hide that.
    exponents: tuple[float, ...] = knob(
        (0.0, 0.1, 0.2, 0.3, 0.4),
        Several(Real(0, 2)),
        "Values to try for how much popularity counts.",
    )
    als_weights: tuple[float, ...] = knob(
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        Several(Real(0, 1)),
        "Values to try for ALS's share in a blend.",
        "blend",
    )
    # Two backends that agree can afford to name rare hashtags.
    rare: float = knob(
        0.5,
        Real(0, 10),
        "Weight, in that choice, of the share of hashtags recalled at least once.",
        "blend",
    )
    most: int = knob(5000, Whole(1, 1_000_000), "Maximum photos held out.", "als", "head")


@dataclass(frozen=True)
class FusionPlan:
    """How the fusion of both backends is fitted.

    Attributes:
        seed: the plan's.
    """

    trees: int = knob(100, Whole(1, 2000), "Gradient-boosted trees.")
    depth: int = knob(4, Whole(1, 12), "Greatest depth of a tree.")
    rate: float = knob(0.15, Real(0, 1, above=True), "Learning rate: how much each tree adds.")
    subsample: float = knob(
        0.5, Real(0, 1, above=True), "Share of rows that each tree is fitted on."
    )
    leaf: int = knob(60, Whole(1, 100_000), "Minimum rows in a leaf.")
    negatives: float = knob(
        0.35, Real(0, 1, above=True), "Share of the wrong hashtags to learn from."
    )
    most: int = knob(2000, Whole(2, 1_000_000), "Maximum photos learnt from.")
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """Every hyper-parameter of a fit; its seed is every section's."""

    min_count: int = knob(
        1, Whole(1, 1_000_000), "Fewest posts a hashtag must be on to be learnt.", "vocabulary"
    )
    validation: float = knob(
        0.1,
        Real(0, 1, above=True, below=True),
        "Share of photos held out for choosing, if posts have no validation split.",
        "als",
        "head",
    )
    heads: int = knob(
        3, Whole(1, 16), "Projection heads fitted independently and placed side by side.", "head"
    )
    categories: int | None = knob(
        None,
        Whole(1, 200, none="by silhouette"),
        "Number of groups that posts are clustered into.",
        "categories",
    )
    seed: int = knob(
        0,
        Whole(0, 2**32 - 1),
        "Random seed; the same seed gives the same bundle.",
        *("vectors", "als", "head", "blend", "categories"),
    )
    photos: PhotosPlan = section(PhotosPlan, "Photos", "features")
    vectors: VectorsPlan = section(VectorsPlan, "Hashtag vectors", "vectors")
    als: AlsPlan = section(AlsPlan, "ALS", "als")
    head: HeadPlan = section(HeadPlan, "Projection head", "head")
    choosing: ChoosingPlan = section(ChoosingPlan, "Choices on held-out photos", "choosing")
    fusion: FusionPlan = section(FusionPlan, "Fusion of both backends", "blend")

    def __post_init__(self) -> None:
        for name in ("als", "head", "fusion"):
            object.__setattr__(self, name, replace(getattr(self, name), seed=self.seed))


@cache
def knobs() -> dict[str, Knob]:
    """Every knob by its name, in the order in which they are listed."""
    return {knob.name: knob for knob in knobs_in(Plan())}


@cache
def titles() -> dict[str, str]:
    """Titles of the sections; ``""`` is the fit as a whole."""
    of_sections = {one.name: one.metadata.get("title") for one in fields(Plan)}
    return {"": "The fit"} | {name: title for name, title in of_sections.items() if title}


def value_of(plan: Plan, name: str) -> Any:
    """The value of a knob, such as ``vectors.window``."""
    section, _, leaf = name.rpartition(".")
    return getattr(getattr(plan, section) if section else plan, leaf)


def with_changes(plan: Plan, values: Mapping[str, Any]) -> Plan:
    """A plan with other values for some knobs, which are not checked."""
    for name, value in values.items():
        section, _, leaf = name.rpartition(".")
        change = {leaf: value}
        if section:
            change = {section: replace(getattr(plan, section), **change)}
        plan = replace(plan, **change)
    return plan


def changed(plan: Plan) -> dict[str, Any]:
    """The values, by name, of knobs that differ from their defaults."""
    values = {name: value_of(plan, name) for name in knobs()}
    return {name: value for name, value in values.items() if value != knobs()[name].default}


def with_values(plan: Plan, settings: Sequence[str]) -> Plan:
    """A plan with some knobs turned, each written as ``vectors.window=2``.

    Raises:
        PlanError: for an unknown knob, a value that it does not take, two values of one knob, or
            knobs that cannot go together.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = (part.strip() for part in setting.partition("="))
        if not sign:
            raise PlanError(
                f"{setting!r} sets no knob: write name=value, such as vectors.window=2."
            )
        knob = knob_named(name, knobs())
        value = checked_value(knob, knob.takes.parsed(text), text)
        if values.setdefault(name, value) != value:
            raise PlanError(
                f"{name} is set to {shown(values[name])} and to {shown(value)}: set it once."
            )
    return checked(with_changes(plan, values))


def checked(plan: Plan) -> Plan:
    """Returns the plan if it does not contradict itself.

    Raises:
        PlanError: says which knobs cannot go together, and why.
    """
    for contradiction in contradictions(plan, changed(plan)):
        raise PlanError(contradiction)
    return plan
