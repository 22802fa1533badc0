"""Numbers with their nouns."""


def counted(number: int, one: str, many: str = "") -> str:
    """``1 photo``, ``2,000 photos``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
