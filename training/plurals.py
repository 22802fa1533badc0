"""Numbers as people read them, and with their nouns."""


def counted(number: int, one: str, many: str = "") -> str:
    """``1 photo``, ``2,000 photos``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def to_a_tenth(number: float) -> str:
    """``2,000``, ``20.5``: no decimal where it would be 0."""
    return f"{number:,.1f}".removesuffix(".0")
