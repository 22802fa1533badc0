"""A plan as JSON: in a file, which ``tune`` writes and ``fit --plan`` takes, and in a manifest.

Knobs that a file does not name keep their defaults.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommenders.whole_files import written_whole
from training.fitting.knobs import PlanError, checked_value, knob_named
from training.fitting.plan import Plan, checked, knobs, value_of, with_changes

_EARLIER_SECTION = "als_use"
_EARLIER = {
    "als_use.neighbours": "als.neighbours",
    "als_use.sharpness": "als.sharpness",
    **dict.fromkeys(
        [
            *("als_use.alpha", "als_use.regularization"),  # als's own were the ones used
            *("als_use.class_weight", "als_use.class_power"),
            *("als.seed", "head.seed", "fusion.seed", "head.frozen"),
        ],
        "",
    ),
}
"""Present names of knobs that files of earlier versions name otherwise; ``""`` for none."""


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plan as a JSON object, every knob of it."""
    values: dict[str, Any] = {}
    for name in knobs():
        section, _, leaf = name.rpartition(".")
        value = value_of(plan, name)
        within = values.setdefault(section, {}) if section else values
        within[leaf] = list(value) if isinstance(value, tuple) else value
    return values


def plan_from_json(values: object) -> Plan:
    """The plan of a JSON object; knobs that it does not name keep their defaults.

    Raises:
        PlanError: as ``with_values``.
    """
    if not isinstance(values, Mapping):
        raise PlanError("A plan must be a JSON object that maps knobs to values.")
    sections = {knob.section for knob in knobs().values()} - {""}
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name not in sections and name != _EARLIER_SECTION:
            flat[str(name)] = value
        elif not isinstance(value, Mapping):
            raise PlanError(f"{name} in the plan must be a JSON object that maps knobs to values.")
        else:
            flat |= {f"{name}.{leaf}": one for leaf, one in value.items()}
    flat = {_EARLIER.get(name, name): value for name, value in flat.items()}
    flat.pop("", None)
    for name, value in flat.items():
        flat[name] = checked_value(knob_named(name, knobs()), value, json.dumps(value))
    return checked(with_changes(Plan(), flat))


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
    try:
        with written_whole(path) as partial:
            partial.write_text(json.dumps(plan_to_json(plan), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise PlanError(f"{path} cannot be written ({error.strerror}).") from error
