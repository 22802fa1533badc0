"""A bundle of hashtags alone: similar ones and categories of posts whose photos are not there."""

from datetime import UTC, datetime
from pathlib import Path

from recommenders.bundle import Bundle, save
from recommenders.bundle_parts import ranking_part
from training.datasets.format import DatasetError, Problems, read_posts
from training.fitting import knowledge
from training.fitting.fit import Report
from training.fitting.prepare import hashtag_vectors, silent
from training.fitting.vocabulary import matrix, popularity, vocabulary


def fit_hashtags(
    dataset: Path, out: Path, *, seed: int = 0, min_count: int = 1, report: Report = silent
) -> Bundle:
    """Fits what is known about hashtags on all posts of a dataset, and writes it.

    The bundle serves ``tag4pic tags``; it answers no photos, since nothing was learnt of any.

    Args:
        min_count: posts that must carry a hashtag for it to be learnt.

    Raises:
        DatasetError: a sentence that says what is missing.
    """
    problems = Problems()
    posts = [post for post in read_posts(dataset, problems) if post.hashtags]
    hashtags = vocabulary((post.hashtags for post in posts), min_count)
    if not hashtags:
        raise DatasetError(f"No hashtag is on at least {min_count} posts. Lower --min-count.")
    vectors = hashtag_vectors(posts, hashtags, seed, report)
    report("categories and similar hashtags", 0, 1)
    known = knowledge.knowledge(posts, hashtags, vectors, seed=seed)
    report("categories and similar hashtags", 1, 1)
    counts = matrix([post.hashtags for post in posts], hashtags)
    bundle = Bundle(
        model=f"{out.name}-1",
        hashtags=hashtags,
        backbones={},
        provenance={
            "dataset": dataset.name,
            "posts": len(posts),
            "photos": 0,
            "problems": dict(problems.counts),
            "fitted_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": seed,
        },
    )
    ranking = ranking_part(popularity(counts), knowledge.rating(posts, hashtags))
    bundle = bundle.with_parts({"ranking": ranking, "knowledge": known})
    save(bundle, out)
    return bundle
