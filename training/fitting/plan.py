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
from training.fitting.knobs import (
    PlanError as PlanError,
)
from training.fitting.plan_rules import check_together

Loss = Literal["softmax", "kld_bce"]
Model = Literal["skipgram", "cbow"]
MODELS: tuple[Model, ...] = ("skipgram", "cbow")


@dataclass(frozen=True)
class PhotosPlan:
    """How photos are prepared for the networks."""

    side: int | None = knob(
        None,
        Whole(*SIDES, none="the network's own"),
        "Pixels of the square that a network sees, such as 200 or 224.",
    )
    mirrored: bool = knob(True, Flag(), "Learn from the photos mirrored left to right too.")
    jitter: int = knob(0, Whole(0, 20), "Copies in other colours that the head learns from too.")
    jitter_strength: float = knob(
        0.2,
        Real(0, 1, above=True),
        "How far brightness, contrast and saturation of a copy go, and a quarter of that its hue.",
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
    factors: int = knob(256, Whole(1, 2048), "Factors of each photo and hashtag.")
    alpha: float = knob(
        10.0,
        Real(0, 10_000, above=True),
        "How sure a hashtag on a photo is, where all others are 1.",
    )
    regularization: float = knob(0.1, Real(0, 1000, above=True), "Pulls factors towards 0.")
    iterations: int = knob(15, Whole(1, 500), "Rounds of alternating least squares.")
    neighbours: int = knob(50, Whole(1, 5000), "Known photos that lend a new one their factors.")
    sharpness: float = knob(
        15.0, Real(0, 200), "A neighbour weighs exp(sharpness x cosine): 0 is the plain mean."
    )
    class_weight: float = 0.0
    class_power: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class VectorsPlan:
    """How skip-gram and CBOW vectors of hashtags are learnt."""

    model: Model = knob(
        "skipgram", OneOf(MODELS), "Whose vectors the head starts from; both are learnt.", "head"
    )
    dims: int = knob(150, Whole(2, 1000), "Numbers in a hashtag's vector.")
    window: int = knob(3, Whole(1, 100), "Hashtags to either side in a shuffled post.")
    negative: int = knob(5, Whole(1, 100), "Random hashtags drawn against each true neighbour.")
    min_count: int = knob(
        1, Whole(1, 1_000_000), "Posts that must carry a hashtag for it to be among neighbours."
    )
    epochs: int | None = knob(
        None, Whole(1, 1000, none="from vectors.uses"), "Times that all posts are gone through."
    )
    # Fifteen epochs of HARRISON's 260,760 hashtags; more tell held-out hashtags from random ones no
    # better.
    uses: int = knob(
        4_000_000,
        Whole(1, 1_000_000_000),
        "Hashtags that are gone through in all, which makes the epochs.",
    )
    fewest_epochs: int = knob(5, Whole(1, 1000), "At least so many epochs come of vectors.uses.")
    most_epochs: int = knob(300, Whole(1, 1000), "At most so many epochs come of vectors.uses.")
    fewest_uses: int = knob(
        10, Whole(1, 1_000_000), "Posts that must carry a hashtag for it to be called similar."
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
    batch_norm: bool = knob(False, Flag(), "Normalise layer one over each batch.")
    epochs: int = knob(30, Whole(1, 1000), "At most so many times through all photos.")
    # Three times what Corel5k takes in all its epochs, ten minutes on two cores for three heads.
    uses: int = knob(
        800_000,
        Whole(1, 1_000_000_000),
        "Photos, copies included, that are gone through at most; with many, epochs are fewer.",
    )
    patience: int = knob(
        6, Whole(1, 1000), "Stops after so many epochs without a better one on held-out photos."
    )
    stop_after: int | None = knob(
        None,
        Whole(1, 1000, none="by patience"),
        "Takes the head of exactly this epoch, whatever held-out photos say.",
    )
    batch: int = knob(128, Whole(1, 8192), "Photos in a step.")
    rate: float = knob(2e-3, Real(0, 1, above=True), "Learning rate at its height.")
    vector_rate: float = knob(
        0.3, Real(0, 10), "That of the hashtags' vectors, relative to it; 0 leaves them as learnt."
    )
    weight_decay: float = knob(0.05, Real(0, 10), "Pulls the layers' weights towards 0.")
    dropout: float = knob(0.5, Real(0, 1, below=True), "Share of the units left out in a step.")
    averaging: float = knob(
        0.0,
        Real(0, 1, below=True),
        "Decay of the moving average of weights that becomes the head; 0 takes the last step's.",
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
        (0.0, 0.1, 0.2, 0.3, 0.4), Several(Real(0, 2)), "Tried: how much popularity counts."
    )
    als_weights: tuple[float, ...] = knob(
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        Several(Real(0, 1)),
        "Tried: ALS's share in a blend.",
        "blend",
    )
    # Two backends that agree can afford to name rare hashtags.
    rare: float = knob(
        0.5,
        Real(0, 10),
        "What the share of hashtags recalled at all weighs in that choice.",
        "blend",
    )
    most: int = knob(5000, Whole(1, 1_000_000), "Photos held out, at most.", "als", "head")


@dataclass(frozen=True)
class FusionPlan:
    """How the fusion of both backends is fitted.

    Attributes:
        seed: the plan's.
    """

    trees: int = knob(100, Whole(1, 2000), "Trees of gradient boosting.")
    depth: int = knob(4, Whole(1, 12), "How deep each is.")
    rate: float = knob(0.15, Real(0, 1, above=True), "What each adds.")
    subsample: float = knob(0.5, Real(0, 1, above=True), "Share of the rows that each grows on.")
    leaf: int = knob(60, Whole(1, 100_000), "Rows in a leaf, at least.")
    negatives: float = knob(
        0.35, Real(0, 1, above=True), "Share learnt from of the hashtags that do not fit."
    )
    most: int = knob(2000, Whole(2, 1_000_000), "Photos learnt from, at most.")
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """Every hyper-parameter of a fit; its seed is every section's."""

    min_count: int = knob(
        1, Whole(1, 1_000_000), "Photos that a hashtag must be on to be learnt.", "vocabulary"
    )
    validation: float = knob(
        0.1,
        Real(0, 1, above=True, below=True),
        "Share of the photos held out to choose by, where posts name no validation split.",
        "als",
        "head",
    )
    heads: int = knob(
        3, Whole(1, 16), "Projection heads that are fitted apart and laid side by side.", "head"
    )
    categories: int | None = knob(
        None, Whole(1, 200, none="by silhouette"), "Groups that posts are put into.", "categories"
    )
    seed: int = knob(
        0,
        Whole(0, 2**32 - 1),
        "The same seed gives the same bundle.",
        *("vectors", "als", "head", "blend", "categories"),
    )
    photos: PhotosPlan = section(PhotosPlan, "Photos", "features")
    vectors: VectorsPlan = section(VectorsPlan, "Vectors of hashtags", "vectors")
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
                f"{setting!r} turns no knob: write its name, = and a value, such as "
                "vectors.window=2."
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
    check_together(plan, changed(plan))
    return plan
