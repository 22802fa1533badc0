"""How widely hashtags are used, and lists with the mix of sizes that a chat wants.

A broad hashtag drowns a post among millions, a niche one is searched by few: those between are
where a post of a small account is seen. What is most relevant should still come first, so a mix
moves hashtags a few places and never across the list.
"""

from collections.abc import Mapping, Sequence

SIZES = ("niche", "middle", "broad")

MIXES: Mapping[str, tuple[float, float, float]] = {
    "even": (1 / 3, 1 / 3, 1 / 3),
    "ladder": (0.4, 0.4, 0.2),
    "niche": (1.0, 0.0, 0.0),
    "middle": (0.0, 1.0, 0.0),
    "broad": (0.0, 0.0, 1.0),
}
"""Shares of niche, middle and broad hashtags, by the name a chat chooses."""

REACH = 5
"""Places that a hashtag moves at most."""


def mixed(
    sizes: Sequence[int], shares: Sequence[float], *, reach: int = REACH, places: int | None = None
) -> list[int]:
    """Reorders a ranked list gently towards a mix of sizes.

    Place by place, the best-ranked hashtag within reach of the size that is most behind its share
    comes next; a hashtag that has been passed over ``reach`` times comes next whatever its size.

    Args:
        sizes: of the ranked hashtags, best first, indices of ``SIZES``.
        shares: the wanted share of each size, 0 or more; their sum does not matter.
        reach: no hashtag comes more than this many places earlier or later.
        places: how many to choose, all where None. Rank ``places + reach`` hashtags, so that there
            are some to choose from.

    Returns:
        Positions in the list, in the new order.
    """
    total = sum(shares)
    if total <= 0:
        return list(range(len(sizes)))[:places]
    wanted = [share / total for share in shares]
    taken = [0] * len(wanted)
    left = list(range(len(sizes)))
    order: list[int] = []
    while left and (places is None or len(order) < places):
        place = len(order)
        chosen = 0
        if left[0] > place - reach:
            near = [index for index, rank in enumerate(left) if rank <= place + reach]
            behind = [wanted[size] * (place + 1) - taken[size] for size in range(len(wanted))]
            most = max(near, key=lambda index: (round(behind[sizes[left[index]]], 9), -index))
            if behind[sizes[left[most]]] > 0:
                chosen = most
        rank = left.pop(chosen)
        taken[sizes[rank]] += 1
        order.append(rank)
    return order
