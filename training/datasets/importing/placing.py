"""Photos into the dataset's own folder, under a name that their content gives them."""

import os
import re
import shutil
from pathlib import Path

FOLDER = "images"
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


def place(photo: Path, digest: bytes, to: Path) -> Path:
    """Links the photo into ``to/images``, or copies it where a hard link cannot be made.

    The name comes from the digest, so a photo that an earlier run placed is there already, and
    what a source calls its files cannot lead out of the folder. A copy appears whole or not at all.

    Raises:
        OSError: FileNotFoundError where the photo is gone meanwhile; a full disk and the like.
    """
    suffix = photo.suffix.lower()
    name = digest.hex()[:24] + (suffix if _SUFFIX.fullmatch(suffix) else "")
    target = to / FOLDER / name
    if target.exists():
        return target
    try:
        os.link(photo, target)
        return target
    except FileExistsError:
        return target
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or a file system without hard links
        pass
    partial = target.with_suffix(".partial")
    shutil.copyfile(photo, partial)
    partial.replace(target)
    return target
