"""Do similar hashtags occur together? python -m training.evaluation.similar_recall

Vectors are learnt from nine tenths of a dataset's posts. For each hashtag of the other posts, it
measures how many of the post's other hashtags are among its ten nearest. A floor keeps hashtags
that fewer posts carry out of the answers; they still count as missed.

On instagram_2019, floors of 1, 2, 3, 5 and 10 over three seeds gave skip-gram 0.132, 0.142, 0.148,
0.152, 0.154 and CBOW, which puts rare hashtags near everything, 0.150, 0.153, 0.157, 0.163, 0.176.
On HARRISON, where hardly any is rare, all are within 0.002. Hence ``vectors.fewest_uses`` is 10.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from recommenders.arrays import Doubles, Floats, unit
from recommenders.nearest import nearest
from training.datasets.albums import whole_posts
from training.datasets.format import Post, read_posts
from training.fitting.plan import MODELS
from training.fitting.vectors import train_vectors
from training.fitting.vocabulary import frequencies
from training.terminal import figures_table, reporting, tool

AT = 10
FLOORS = (1, 2, 3, 5, 10)
HELD_OUT = 0.1


def main(
    dataset: Annotated[
        list[Path],
        typer.Option(metavar="DIR", help="A folder with posts.jsonl; several are joined."),
    ],
    floor: Annotated[
        list[int] | None,
        typer.Option(
            min=1, help="Fewest uses of a hashtag; may be repeated.", show_default="1 2 3 5 10"
        ),
    ] = None,
    seed: int = 0,
) -> None:
    """Measure recall of held-out co-occurring hashtags at ten, by model and floor of uses."""
    floors = tuple(floor or FLOORS)
    train, test = split(dataset, seed)
    uses = frequencies(post.hashtags for post in train)
    table = figures_table(
        f"Recall at {AT} of hashtags used together in {len(test):,} held-out posts, learnt "
        f"from {len(train):,}",
        [f"floor {floor}" for floor in floors],
    )
    for model in MODELS:
        with reporting() as progress:
            tags, vectors = train_vectors(train, model, seed=seed, progress=progress)
        counts = np.array([uses[tag] for tag in tags])
        shares = [recalls(test, tags, vectors, counts >= floor) for floor in floors]
        best = max(shares, key=lambda share: float(share.mean()))
        table.add_row(model, *(_figure(share, best) for share in shares))
    left = [sum(count >= floor for count in uses.values()) for floor in floors]
    table.add_row("hashtags left", *(f"{count:,}" for count in left))
    Console().print(table)
    typer.echo("In brackets: the difference from the row's best, and its standard error.")


def split(folders: Sequence[Path], seed: int) -> tuple[list[Post], list[Post]]:
    """The posts to learn from, and the others."""
    posts = [post for folder in folders for post in whole_posts(read_posts(folder))]
    posts = [post for post in posts if len(post.hashtags) > 1]
    held_out = np.random.default_rng(seed).random(len(posts)) < HELD_OUT
    train, test = ([posts[row] for row in np.flatnonzero(side)] for side in (~held_out, held_out))
    return train, test


def _figure(shares: Doubles, best: Doubles) -> str:
    gap = best - shares
    error = gap.std(ddof=1) / len(gap) ** 0.5
    return f"{shares.mean():.4f}" + (f" (-{gap.mean():.4f} ± {error:.4f})" if gap.any() else "")


def recalls(
    posts: Sequence[Post], tags: Sequence[str], vectors: Floats, allowed: NDArray[np.bool_]
) -> Doubles:
    """By post, the share of a hashtag's companions among its ``AT`` nearest, a mean over hashtags.

    Args:
        posts: others than the vectors were learnt from.
        tags: of the vectors (V, d).
        allowed: (V,) which of them may be an answer.
    """
    column = {tag: index for index, tag in enumerate(tags)}
    directions, answers = unit(vectors), np.flatnonzero(allowed)
    known = [sorted({column[tag] for tag in post.hashtags if tag in column}) for post in posts]
    known = [columns for columns in known if len(columns) > 1]
    queries = np.unique(np.concatenate(known))
    # One more, since a hashtag is nearest to itself.
    near, _ = nearest(directions[queries], directions[answers], AT + 1)
    answer = {
        query: [one for one in answers[row] if one != query][:AT]
        for query, row in zip(queries.tolist(), near, strict=True)
    }
    shares = [
        np.mean([
            len(set(columns).intersection(answer[query])) / min(AT, len(columns) - 1)
            for query in columns
        ])
        for columns in known
    ]  # fmt: skip
    return np.array(shares, np.float64)


if __name__ == "__main__":
    tool(main)()
