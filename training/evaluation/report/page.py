"""The report as one HTML page that needs nothing beside itself: no script, no font, no network."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from recommenders.bundle import STARTER, Bundle, load
from recommenders.whole_files import written_whole
from training.datasets.format import DatasetError, Post, read_posts
from training.evaluation.compared import Result, read_results
from training.evaluation.evaluate import Answers, Evaluation, answer_split
from training.evaluation.report import contents, sections
from training.evaluation.report.landscape import landscape
from training.evaluation.report.likes import likes_of_posts
from training.plurals import counted
from training.progress import Progress

KS = 20
"""Curves go from one hashtag to this many."""


def write_report(
    dataset: Path,
    model_dir: Path | None,
    out: Path,
    *,
    split: str,
    at: int,
    compared: Path | None = None,
    weights_dir: Path | None,
    cache_dir: Path,
    progress: Progress,
) -> Evaluation:
    """Measures a bundle on a split and writes the page; returns the figures in it.

    Args:
        model_dir: the bundle; None for the starter.
        out: the page, replaced where it is there.
        at: how many hashtags of an answer count.
        compared: a folder of results of ``compare`` to show too.

    Raises:
        BundleError, DatasetError, WeightsError: as ``answer_split``; DatasetError too where the
            page cannot be written.
    """
    results = [] if compared is None else read_results(compared)
    answers = answer_split(
        dataset,
        model_dir,
        split=split,
        top=max(KS, at),
        weights_dir=weights_dir,
        cache_dir=cache_dir,
        progress=progress,
    )
    progress("drawing the report", 0, 1)
    figures = answers.measured(at)
    # The engine's own has dropped the vectors, which the map shows.
    bundle = load(model_dir or STARTER)
    page = _page(answers, figures, bundle, read_posts(dataset), results)
    progress("drawing the report", 1, 1)
    try:
        with written_whole(out) as partial:
            # Names of files may not be UTF-8.
            partial.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise DatasetError(
            f"The report cannot be written to {out} ({error.strerror or error})."
        ) from error
    return figures


def _page(
    answers: Answers,
    figures: Evaluation,
    bundle: Bundle,
    posts: Sequence[Post],
    results: Sequence[Result],
) -> str:
    backend, at = answers.engine.default_backend, figures.at
    confusion = contents.confusion(answers, backend, at)
    hashtag_map = landscape(bundle)
    styles = contents.style_figures(answers, backend)
    reliabilities = contents.fused_reliability(answers)
    best, worst = contents.best_and_worst(answers, backend, at)
    parts = {
        ("figures", "All figures"): sections.figures(figures, bundle),
        ("compared", "Plans compared"): sections.comparison(results),
        ("curves", "From one hashtag to twenty"): sections.curves(contents.curves(answers)),
        ("reliability", "Are its probabilities right?"): (
            sections.reliabilities(*reliabilities) if reliabilities else ""
        ),
        ("learning", "How it learnt"): sections.learning(bundle),
        ("popular", "The most common hashtags"): sections.confusion(confusion, backend, at),
        ("map", "Map of the hashtags"): sections.hashtag_map(hashtag_map) if hashtag_map else "",
        ("likes", "What the styles earn"): sections.likes(styles) if styles else "",
        ("post-likes", "Likes"): likes_of_posts(posts),
        ("photos", "Photos"): sections.photos(best, worst, backend, at),
    }
    parts = {heading: body for heading, body in parts.items() if body}
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title in parts)
    body = "".join(
        f'<section id="{key}"><h2>{title}</h2>{part}</section>'
        for (key, title), part in parts.items()
    )
    facts = [
        f"{counted(figures.photos, 'photo')} of the {figures.split} split of {figures.dataset}",
        f"{counted(len(bundle.hashtags), 'hashtag')} known",
        " and ".join(sorted(bundle.backbones)),
    ]
    if fitted := bundle.provenance.get("fitted_at"):
        facts.append(f"fitted {str(fitted)[:10]}")
    style = files("training.evaluation.report").joinpath("page.css").read_text(encoding="utf-8")
    title = escape(f"{bundle.model} on {figures.dataset}")
    problems = "".join(f"<br>{escape(line)}" for line in figures.problems)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{style}</style></head><body>"
        f'<header><p class="kicker">tag4pic report</p><h1>{title}</h1>'
        f'<p class="facts">{escape(" · ".join(facts))}</p>'
        f"{sections.first_figures(figures, backend)}</header>"
        f'<nav aria-label="Sections"><div>{links}</div></nav><main>{body}</main>'
        f"<footer>Written by tag4pic train report.{problems}</footer></body></html>\n"
    )
