"""Counts of an import, and their report to people."""

from collections import Counter
from dataclasses import dataclass, field

from training.datasets.format import MAX_EXAMPLES, Problems
from training.plurals import counted

_SHOWN = 5


@dataclass
class ImportSummary:
    """What an import did; readers and the importer fill it while they run.

    Attributes:
        kind: the source's layout.
        posts: posts written; an album is one.
        photos: photos written, each picture of an album.
        hashtags: different hashtags written.
        duplicates: posts and rows that were joined with an earlier one of the same photo.
        rare, common: hashtags dropped for being too rare or too common, with their counts.
        hyphenated: words such as close-up, joined to one hashtag, with their counts; only in
            sources of keywords, since a caption's #close-up is #close.
        without_hashtags: posts left out since they had no hashtag to begin with.
        emptied: posts left out since all their hashtags were dropped.
        photos_found: photos that rows name and that are there.
        photos_missing: photos that rows name and that are not there; their hashtags still serve.
        missing_examples: the first of them.
        likes_hidden: posts whose likes are hidden (-1).
        skipped: what was left out on purpose, by kind (videos, stories, …).
        problems: broken rows and photos by reason, notes on the source as a whole.
    """

    kind: str
    posts: int = 0
    photos: int = 0
    hashtags: int = 0
    duplicates: int = 0
    rare: Counter[str] = field(default_factory=Counter)
    common: Counter[str] = field(default_factory=Counter)
    hyphenated: Counter[str] = field(default_factory=Counter)
    without_hashtags: int = 0
    emptied: int = 0
    photos_found: int = 0
    photos_missing: int = 0
    missing_examples: list[str] = field(default_factory=list)
    likes_hidden: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    problems: Problems = field(default_factory=Problems)

    def add_missing_photo(self, name: str) -> None:
        self.photos_missing += 1
        if len(self.missing_examples) < MAX_EXAMPLES:
            self.missing_examples.append(name[:120])

    def lines(self) -> list[str]:
        """Sentences for people, the outcome first, then what was left out and why."""
        lines = [
            f"{counted(self.posts, 'post')} with {counted(self.hashtags, 'different hashtag')} and "
            f"{counted(self.photos, 'photo')} (read as {self.kind})."
        ]
        if self.photos_missing:
            lines.append(
                f"{self.photos_missing:,} of "
                f"{counted(self.photos_found + self.photos_missing, 'photo')} missing (such as "
                f"{', '.join(self.missing_examples)}); their hashtags are still used."
            )
        if self.hyphenated:
            what = _most_frequent(self.hyphenated, "word", sign="")
            lines.append(f"Hyphens removed, as hashtags have none: {what}.")
        if self.rare:
            lines.append(f"Too rare, dropped: {_most_frequent(self.rare)}.")
        if self.common:
            lines.append(f"Too common, dropped: {_most_frequent(self.common)}.")
        counts = (
            (self.duplicates, "merged with another post of the same photo."),
            (self.emptied, "left out: all their hashtags were dropped."),
            (self.without_hashtags, "left out: no hashtags."),
            (self.likes_hidden, "with hidden likes, treated as unknown."),
        )
        lines += [f"{counted(count, 'post')} {what}" for count, what in counts if count]
        lines += [f"Skipped: {what} ({count:,})." for what, count in (+self.skipped).most_common()]
        return lines + self.problems.lines()


def _most_frequent(counts: Counter[str], noun: str = "hashtag", sign: str = "#") -> str:
    shown = ", ".join(f"{sign}{tag} {count:,}×" for tag, count in counts.most_common(_SHOWN))
    more = ", …" if len(counts) > _SHOWN else ""
    return f"{counted(len(counts), noun)} ({shown}{more})"
