"""Features as Arrow columns; cheap to import, since every worker process does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow


def decoded(tables: "Iterator[pyarrow.RecordBatch]") -> "Iterator[pyarrow.RecordBatch]":
    """On a worker: features as bytes of float16 become lists of numbers, ``vector``."""
    import pyarrow

    for table in tables:
        if table.num_rows:
            rows = np.array([np.frombuffer(one.as_py(), np.float16) for one in table.column(0)])
            yield pyarrow.RecordBatch.from_arrays([lists(rows)], names=["vector"])


def lists(rows: NDArray[Any]) -> "pyarrow.ListArray":
    """Rows (n, dims) as a column of lists of float64."""
    import pyarrow

    starts = np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32)
    values = rows.ravel().astype(np.float64)
    return pyarrow.ListArray.from_arrays(pyarrow.array(starts), pyarrow.array(values))
