"""Chooses what computes photos' features: OpenVINO or torch on the CPU, or torch on a GPU.

On a CPU OpenVINO takes about a third of torch's time, and less memory and start-up time. It is
chosen unless there is a GPU. Nothing here imports torch on machines that cannot have a GPU.
"""

import importlib
import importlib.util
import logging
import shutil
import sys
from pathlib import Path
from typing import Any, Literal

from recommenders.machine import cores

log = logging.getLogger(__name__)

Device = Literal["openvino", "cuda", "cpu"]
"""OpenVINO on the CPU, torch on an NVIDIA GPU, torch on the CPU."""

GPU_BATCH = 8
"""Photos that a GPU computes at a time."""

_CONVERTS = "openvino.tools.ovc"
_DRIVER = Path("/proc/driver/nvidia/version")


class DeviceError(Exception):
    """A device that this machine does not have; the message says what to do."""


class _Choice:
    requested = "auto"
    device: Device | None = None


def use(name: str) -> None:
    """Chooses the device, ``auto`` or one of ``Device``, for backbones loaded from now on."""
    _Choice.requested, _Choice.device = name, None


def in_use() -> Device:
    """The chosen device, or the best one; the first call logs which.

    Raises:
        DeviceError: where this machine does not have it.
    """
    if _Choice.device is None:
        _Choice.device, description = (
            _best() if _Choice.requested == "auto" else _chosen(_Choice.requested)
        )
        log.info("Photos' features are computed by %s.", description)
    return _Choice.device


def has_pytorch() -> bool:
    """Whether PyTorch is installed: answering does without, fitting does not."""
    return importlib.util.find_spec("torch") is not None


def import_openvino() -> Any:
    """Imports OpenVINO without its telemetry and without its converter.

    Converting a network would send an event to Google Analytics unless the user has opted out by a
    file in the home folder. OpenVINO works without the telemetry package, so its import is blocked.
    The converter takes half the import time; ``converting`` imports it.

    Raises:
        ImportError: where OpenVINO is missing or does not load.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        sys.modules[_CONVERTS] = None  # type: ignore[assignment]
        try:
            return importlib.import_module("openvino")
        finally:
            del sys.modules[_CONVERTS]
    return importlib.import_module("openvino")


def converting() -> Any:
    """OpenVINO's converter of other libraries' networks."""
    import_openvino()
    return importlib.import_module(_CONVERTS)


def _best() -> tuple[Device, str]:
    if _may_have_gpu() and (gpu := _gpu()) is not None:
        return "cuda", f"torch on {gpu}"
    problem = _without_openvino()
    if problem is None:
        return "openvino", _openvino()
    return "cpu", f"torch on the CPU, which is slow ({problem})"


def _chosen(name: str) -> tuple[Device, str]:
    if name == "openvino":
        if (problem := _without_openvino()) is not None:
            raise DeviceError(
                f"DEVICE is openvino, which cannot be used here: {problem}. Install it with "
                "`.venv/bin/pip install openvino`, or leave DEVICE empty."
            )
        return "openvino", _openvino()
    if name == "cuda":
        if (gpu := _gpu()) is None:
            raise DeviceError(
                "DEVICE is cuda, but torch finds no NVIDIA GPU here. Install its driver and torch "
                "built for CUDA, or leave DEVICE empty."
            )
        return "cuda", f"torch on {gpu}"
    return "cpu", "torch on the CPU"


def _may_have_gpu() -> bool:
    """Whether it is worth importing torch to ask."""
    return _DRIVER.exists() or shutil.which("nvidia-smi") is not None


def _gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def _without_openvino() -> str | None:
    """Why OpenVINO cannot be used; None where it can."""
    if importlib.util.find_spec("openvino") is None:
        return "OpenVINO is not installed"
    try:
        import_openvino()
    except (ImportError, OSError) as error:
        return f"OpenVINO does not load, {' '.join(str(error).split())}"
    return None


def _openvino() -> str:
    version = import_openvino().__version__.partition("-")[0]
    return f"OpenVINO {version} on {cores()} cores"
