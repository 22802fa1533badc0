"""What an import did, for people."""

from collections import Counter
from dataclasses import dataclass, field

from training.datasets.importing.findings import Findings

_SHOWN = 5


@dataclass(frozen=True)
class ImportSummary:
    """What an import did.

    Attributes:
        kind: the source's layout.
        posts: posts written, of which `photos` have a photo.
        hashtags: different hashtags written.
        duplicates: posts and rows that were joined with an earlier one of the same photo.
        rare, common: hashtags dropped for being too rare or too common, with their counts.
        without_hashtags: posts left out since they had no hashtag to begin with.
        emptied: posts left out since all their hashtags were dropped.
        findings: broken rows by reason, photos found and missing, notes.
    """

    kind: str
    posts: int
    photos: int
    hashtags: int
    duplicates: int
    rare: Counter[str]
    common: Counter[str]
    without_hashtags: int
    emptied: int
    findings: Findings = field(repr=False)

    def lines(self) -> list[str]:
        """Sentences for people, the outcome first, then what was left out and why."""
        found = self.findings
        lines = [
            f"{_count(self.posts, 'post')} with {_count(self.hashtags, 'different hashtag')}, "
            f"{self.photos:,} of them with a photo (read as: {self.kind})."
        ]
        if found.photos_missing:
            lines.append(
                f"{_count(found.photos_missing, 'photo')} of "
                f"{found.photos_found + found.photos_missing:,} not there (such as "
                f"{', '.join(found.missing_examples)}); their hashtags still serve."
            )
        if self.duplicates:
            lines.append(
                f"{_count(self.duplicates, 'post')} joined with another of the same photo."
            )
        if self.rare:
            lines.append(f"Too rare, dropped: {_tags(self.rare)}.")
        if self.common:
            lines.append(f"Too common, dropped: {_tags(self.common)}.")
        if self.emptied:
            lines.append(
                f"{_count(self.emptied, 'post')} left out: all their hashtags were dropped."
            )
        if self.without_hashtags:
            lines.append(f"{_count(self.without_hashtags, 'post')} left out: no hashtags.")
        if found.likes_hidden:
            lines.append(
                f"{_count(found.likes_hidden, 'post')} with hidden likes: taken as unknown."
            )
        lines += [f"Skipped: {count:,} {what}." for what, count in (+found.skipped).most_common()]
        lines += found.notes
        lines += found.problems.lines()
        return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _tags(counts: Counter[str]) -> str:
    shown = ", ".join(f"#{tag} {count:,}×" for tag, count in counts.most_common(_SHOWN))
    more = ", …" if len(counts) > _SHOWN else ""
    return f"{_count(len(counts), 'hashtag')} ({shown}{more})"
