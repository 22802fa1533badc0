"""Decodes mutated files of every format, each at a bounded cost: a command for long runs.

    python -m tests.recommenders.mutated_photos --files 10000 --seed 3

A process of its own decodes them one after the other; one that dies, or is silent for too long, is
replaced and its file named, so that hangs and crashes of the decoders written in C are noticed too.
The last line says how many were photos, how many were refused, and what the worst one cost.
"""

import argparse
import random
import resource
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

SECONDS = 20.0
"""Of processor time that one file may take, and three times as many until it counts as hung."""
MEGABYTES = 1_500
"""That the process may hold at its highest: 64 megapixels in the hungriest format, and the rest."""


@cache
def whole_files() -> tuple[bytes, ...]:
    """Sound files of every format and of several kinds each, to be mutated."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    smooth = np.add.outer(np.arange(96), np.arange(128))[..., None] + np.zeros(3)
    pictures = [Image.fromarray(noise), Image.fromarray((smooth % 256).astype(np.uint8))]
    kinds: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "RGB", {"exif": _exif()}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("PNG", "I;16", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("GIF", "P", {}),
        ("HEIF", "RGB", {}),
        ("AVIF", "RGB", {}),
        ("TIFF", "RGB", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("TIFF", "L", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", "RGB", {"compression": "jpeg"}),
    )
    files = []
    for name, mode, options in kinds:
        for picture in pictures:
            file = BytesIO()
            converted = picture.convert("L").convert("I") if mode == "I;16" else picture
            converted.convert(mode).save(file, name, **options)
            files.append(file.getvalue())
    for name, large in (("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {})):
        file = BytesIO()
        pictures[1].resize((2400, 1800)).save(file, name, **large)
        files.append(file.getvalue())
    for name in ("GIF", "WEBP"):  # several frames
        file = BytesIO()
        pictures[0].save(file, name, save_all=True, append_images=[pictures[0].rotate(90)])
        files.append(file.getvalue())
    return tuple(files)


def mutated(number: int, seed: int) -> bytes:
    """One file, the same each time: a sound one with one to six things done to it."""
    rng = random.Random(f"{seed}:{number}")
    files = whole_files()
    data = bytearray(files[number % len(files)])
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        rng.choice(_MUTATIONS)(data, rng)
    return bytes(data)


def _at(data: bytearray, rng: random.Random) -> int:
    """A place in the header, as often as anywhere."""
    end = len(data) if rng.random() < 0.5 else min(len(data), 200)
    return rng.randrange(max(1, end))


def _flip_a_bit(data: bytearray, rng: random.Random) -> None:
    if data:
        data[_at(data, rng) % len(data)] ^= 1 << rng.randrange(8)


def _put_an_extreme(data: bytearray, rng: random.Random) -> None:
    number = rng.choice((0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**32 - 1))
    size = rng.choice((1, 2, 4))
    at = _at(data, rng)
    order = rng.choice(("big", "little"))
    data[at : at + size] = (number % 256**size).to_bytes(size, order)  # type: ignore[arg-type]


def _put_noise(data: bytearray, rng: random.Random) -> None:
    at = _at(data, rng)
    size = rng.choice((4, 16, 64))
    data[at : at + size] = rng.randbytes(size)


def _cut_off(data: bytearray, rng: random.Random) -> None:
    del data[_at(data, rng) :]


def _leave_out(data: bytearray, rng: random.Random) -> None:
    at = _at(data, rng)
    del data[at : at + rng.choice((1, 4, 50))]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at, size = _at(data, rng), rng.choice((8, 64, 512))
    data[at:at] = data[at : at + size] * rng.choice((1, 3, 50))


def _splice(data: bytearray, rng: random.Random) -> None:
    other = rng.choice(whole_files())
    data[_at(data, rng) :] = other[rng.randrange(len(other)) :]


_MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip_a_bit, _put_an_extreme, _put_an_extreme),
    *(_put_noise, _cut_off, _leave_out, _repeat, _splice),
)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


@dataclass
class Outcome:
    """What became of files.

    Attributes:
        kinds: how many were a ``photo``, were refused for which reason, or ``failed``.
        wrong: files by number, and what is wrong with them.
        seconds: of processor time that the slowest took.
        megabytes: that the process held at its highest.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    wrong: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    megabytes: float = 0.0


def run(files: int, seed: int, first: int = 0) -> Outcome:
    """Decodes so many mutated files in processes of their own."""
    outcome = Outcome()
    while first < files:
        for number, kind, seconds, megabytes in _decoded(first, files, seed):
            first = number + 1
            outcome.kinds[kind] += 1
            outcome.seconds = max(outcome.seconds, seconds)
            outcome.megabytes = max(outcome.megabytes, megabytes)
            if kind == "failed":
                outcome.wrong[number] = "an exception that is no PhotoError"
            elif seconds > SECONDS:
                outcome.wrong[number] = f"{seconds:.1f} s"
            elif megabytes > MEGABYTES:
                outcome.wrong[number] = f"{megabytes:.0f} MB"
        if first < files:
            outcome.wrong[first] = "the process died or hung"
            first += 1
    return outcome


def _decoded(first: int, last: int, seed: int) -> Iterator[tuple[int, str, float, float]]:
    """The lines of one process, until it ends, dies or is silent for too long."""
    command = [sys.executable, "-m", __spec__.name, "--files", str(last), "--seed", str(seed)]
    # The decoders write their complaints to stderr by themselves.
    command += ["--worker", str(first)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet) as process:
        assert process.stdout is not None
        while select.select([process.stdout], [], [], 3 * SECONDS)[0]:
            line = process.stdout.readline()
            if not line:
                return
            number, kind, seconds, megabytes = line.split()
            yield int(number), kind.decode(), float(seconds), float(megabytes)
        process.kill()


def _work(first: int, last: int, seed: int) -> None:
    from recommenders.photos import PhotoError, decode

    for number in range(first, last):
        data = mutated(number, seed)
        began = time.process_time()
        try:
            photo = decode(data)
            kind = "photo" if photo.mode == "RGB" and min(photo.size) > 0 else "failed"
        except PhotoError as error:
            kind = error.reason
        except BaseException:
            kind = "failed"
        seconds = time.process_time() - began
        sys.stdout.write(f"{number} {kind} {seconds:.4f} {_highest():.0f}\n")
        sys.stdout.flush()


def _highest() -> float:
    """Megabytes that this process held at its highest.

    By Linux's own account where there is one: what ``getrusage`` tells begins with the memory of
    the process that started this one.
    """
    with suppress(OSError):
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Decodes mutated files of every format.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        _work(arguments.worker, arguments.files, arguments.seed)
        return
    outcome = run(arguments.files, arguments.seed)
    for number, wrong in outcome.wrong.items():
        print(f"file {number} of seed {arguments.seed}: {wrong}")
    kinds = ", ".join(f"{kind} {count}" for kind, count in outcome.kinds.most_common())
    print(f"{kinds}; at most {outcome.seconds:.2f} s and {outcome.megabytes:.0f} MB")
    sys.exit(bool(outcome.wrong))


if __name__ == "__main__":
    main()
