"""A network compiled by OpenVINO for this CPU, and kept on disk so that the next start has it.

The graph takes pixels as they are: scaling them is its first step. It takes one photo, on two
cores: 6 ms instead of the 9.5 of one core, and two photos that are computed one after another are
done as soon as side by side. In batches a photo took as long, and the last bits of its features
depended on what was beside it; on the number of cores they do not depend. On a core for each photo
the bot took 3 ms less processor time for it, and its answer came 2 ms later.

Numbers are float32. bfloat16 and float16, which OpenVINO would choose by itself where a CPU knows
them, move the features further than a cosine of 0.9999.
"""

import hashlib
import json
import logging
import mmap
import os
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from recommenders.arrays import Array, Floats
from recommenders.backbones.device import converting, import_openvino
from recommenders.backbones.recipe import View
from recommenders.machine import cores

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

FOLDER = Path(sys.prefix) / "share" / "tag4pic" / "graphs"
"""Where graphs are kept: beside the packages that they were compiled by."""

Graph = NDArray[np.uint8]
"""A compiled network's bytes, as OpenVINO exports it."""

_GRAPH, _DIGEST = "graph", "sha256"

_CORES_EACH = 2
"""Cores that compute one photo."""

_TOLERANCE = 0.01
"""How far features may be from torch's, relative to their length: a cosine of 0.99995."""

_MADE_BY = ("efficientnet_lite.py", "network.py", "openvino_network.py")
"""Files of this folder that say what a graph is: another version of one makes another graph."""


class ConversionError(Exception):
    """A network that OpenVINO cannot compute; the message says why, without a full stop."""


class OpenVinoNetwork:
    """(n, side, side, 3) uint8 pixels to (n, dims) float32 features.

    Safe to call from several threads. A pickled one is for a process beside others, one a core, and
    computes on one thread there.

    Args:
        graph: as ``export`` gives it; what is compiled from it points into it.
        threads: that compute; None for one a core.

    Attributes:
        graph: the same; to be pickled, since what is compiled from it cannot be exported again.

    Raises:
        RuntimeError: where the graph is not one of this OpenVINO's.
    """

    on_gpu = False

    def __init__(self, graph: Graph, threads: int | None = None) -> None:
        ov = import_openvino()
        threads = threads or cores()
        self._streams = max(1, threads // _CORES_EACH)
        self.graph = graph
        shared = ov.Tensor(graph, shared_memory=True)
        settings = _settings(self._streams, threads)
        self._compiled = ov.Core().import_model(shared, "CPU", settings)

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        if len(pixels) == 1:
            features: Floats = self._compiled.create_infer_request().infer(pixels)[0].copy()
            return features
        together = np.empty((len(pixels), self._compiled.output().shape[1]), np.float32)

        def take(request: Any, row: int) -> None:
            together[row] = request.get_output_tensor().data[0]

        requests = import_openvino().AsyncInferQueue(self._compiled, self._streams)
        requests.set_callback(take)
        for row in range(len(pixels)):
            requests.start_async(pixels[row : row + 1], row)
        requests.wait_all()
        return together

    def __reduce__(self) -> tuple[type, tuple[Graph, int]]:
        return OpenVinoNetwork, (np.array(self.graph), 1)


def export(module: "nn.Module", view: View) -> Graph:
    """The graph of a torch network that takes scaled pixels, checked against the network.

    Raises:
        ConversionError: where OpenVINO does not take it, or computes something else.
    """
    import torch

    from recommenders.backbones.torch_network import TorchNetwork, one_thread

    ov = import_openvino()
    shape = (1, 3, view.side, view.side)
    try:
        with torch.inference_mode(), one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's, of sizes that are fixed here
            # Checking the trace takes longer than all else, and the features are compared below.
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                module.eval(), torch.zeros(shape), check_trace=False
            )
        model = converting().convert_model(traced, input=[ov.Shape(shape)])
        steps = ov.preprocess.PrePostProcessor(model)
        steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
        steps.input().model().set_layout(ov.Layout("NCHW"))
        scaling = steps.input().preprocess().convert_element_type(ov.Type.f32)
        scaling.mean(list(view.mean)).scale(list(view.std))
        compiled = ov.Core().compile_model(steps.build(), "CPU", _settings(1, cores()))
        graph = np.frombuffer(bytearray(compiled.export_model().getbuffer()), np.uint8)
    except Exception as error:  # of as many kinds as there are operators
        raise ConversionError(" ".join(str(error).split())[:200].rstrip(".")) from error
    pixels = np.random.default_rng(0).integers(0, 256, (1, view.side, view.side, 3), np.uint8)
    expected = TorchNetwork(module, view)(pixels)
    distance = np.linalg.norm(OpenVinoNetwork(graph)(pixels) - expected)
    if not distance <= _TOLERANCE * np.linalg.norm(expected):
        raise ConversionError(f"its features are {distance:.2g} away from torch's")
    return graph


def read(name: str, digest: str, view: View) -> tuple[OpenVinoNetwork, dict[str, Array]] | None:
    """A network that ``keep`` was given and what was beside it; None where it is not there.

    Args:
        digest: SHA-256 of the file of weights.
    """
    path = _path(name, digest, view)
    try:
        with safe_open(path, "numpy") as file:
            beside = set(file.keys()) - {_GRAPH}
            arrays = {key: file.get_tensor(key) for key in beside}
            expected = (file.metadata() or {}).get(_DIGEST)
        content, graph = _mapped(path)
        # OpenVINO reads a damaged graph past its end.
        if _digest_of({_GRAPH: graph, **arrays}) != expected:
            raise ValueError("its content is not what was written")
        network = OpenVinoNetwork(graph)
        # The digest took all of it; of 18 MB, computing needs 14.
        with suppress(AttributeError):  # not everywhere
            content.madvise(mmap.MADV_DONTNEED)
        return network, arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        log.warning("%s cannot be used (%s) and is made again.", path, error)
        return None


def keep(name: str, digest: str, view: View, graph: Graph, beside: Mapping[str, Array]) -> None:
    """Keeps a graph and arrays for ``read``, in place of older ones of the same weights.

    Where they cannot be written, the next start makes them again.
    """
    path = _path(name, digest, view)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    # Others than contiguous arrays safetensors writes in the wrong order.
    arrays = {key: np.ascontiguousarray(array) for key, array in {_GRAPH: graph, **beside}.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(arrays, partial, {_DIGEST: _digest_of(arrays)})
        partial.chmod(0o644)  # whoever set up need not be who runs
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        log.info("The compiled %s is not kept in %s (%s).", name, path.parent, error)
        with suppress(OSError):
            partial.unlink()
        return
    for older in path.parent.glob(f"{_stem(name, digest, view)}-*"):
        if older != path:
            with suppress(OSError):
                older.unlink()


def _mapped(path: Path) -> tuple[mmap.mmap, Graph]:
    """A file and its graph where it lies: whatever is compiled from it shares that memory."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        begin, end = json.loads(file.read(length))[_GRAPH]["data_offsets"]
        # Nobody writes into it, but OpenVINO takes no array that nobody might.
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return content, np.frombuffer(content, np.uint8, end - begin, 8 + length + begin)


def _digest_of(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        digest.update(key.encode())
        digest.update(arrays[key].data)
    return digest.hexdigest()


def _path(name: str, digest: str, view: View) -> Path:
    """The file of one network with one file of weights, by all that its graph depends on."""
    here = Path(__file__).parent
    key = hashlib.sha256(f"{import_openvino().__version__} {view}".encode())
    for file in _MADE_BY:
        key.update((here / file).read_bytes())
    return FOLDER / f"{_stem(name, digest, view)}-{key.hexdigest()[:16]}.safetensors"


def _stem(name: str, digest: str, view: View) -> str:
    return f"{name}-{view.side}-{digest[:16]}"


def _settings(streams: int, threads: int) -> dict[str, Any]:
    """How networks are compiled: ``streams`` photos at a time, on so many threads in all."""
    return {
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": threads,
        # Pinned, every process would take the same cores, its first ones.
        "ENABLE_CPU_PINNING": False,
    }
