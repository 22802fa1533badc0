"""Plans of a fit as JSON: what ``tune`` writes and ``fit --plan`` takes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from training.datasets.format import DatasetError
from training.fitting.fit import Plan
from training.fitting.head import LOSSES


class PlanError(DatasetError):
    """A plan that cannot be used; the message says what is wrong in which field."""


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plan as a JSON object, every field of it."""
    return asdict(plan)


def plan_from_json(values: object) -> Plan:
    """The plan of a JSON object; fields that it does not name keep their defaults.

    Raises:
        PlanError: for a field that there is not, or a value of another type.
    """
    plan: Plan = _filled(Plan(), values, "")
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


def _filled(default: Any, values: object, where: str) -> Any:
    """A dataclass with the values that an object names."""
    if not isinstance(values, Mapping):
        raise PlanError(f"{where or 'A plan'} must be an object of names and values.")
    known = {field.name: getattr(default, field.name) for field in fields(default)}
    found: dict[str, Any] = {}
    for name, value in values.items():
        full = f"{where}.{name}" if where else str(name)
        if name not in known:
            raise PlanError(f"A plan has no field {full}; there are {', '.join(known)}.")
        if is_dataclass(known[name]):
            found[name] = _filled(known[name], value, full)
        else:
            found[name] = _checked(known[name], value, full)
    return replace(default, **found)


def _checked(default: object, value: object, where: str) -> object:
    """A value of its default's type; a field that is None by default is a whole number or null."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
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
