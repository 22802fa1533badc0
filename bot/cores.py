"""How computing shares the cores."""

import torch
from threadpoolctl import threadpool_limits


def one_core_each() -> None:
    """Lets every thread of ours compute on one core; photos side by side use the others.

    A network or a product of matrices over several cores waits for the slowest of them at every
    step, which on a busy machine takes many times as long.
    """
    torch.set_num_threads(1)
    threadpool_limits(1)
