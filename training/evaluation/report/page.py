"""The report as one HTML page that needs nothing beside itself: no script, no font, no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from training.datasets.format import DatasetError
from training.evaluation.baselines import BASELINES
from training.evaluation.evaluate import Answers, Evaluation, answers
from training.evaluation.report import contents
from training.evaluation.report.charts import Line, interval, line_chart, map_chart
from training.evaluation.report.contents import Confused, Curve, Earned, Shown
from training.evaluation.report.landscape import Landscape, landscape
from training.evaluation.report.thumbnails import data_uri
from training.progress import Progress, silent

KS = 20
"""Curves go from one hashtag to so many."""

MOST_LOST = 0.15
"""Of the precision, that style popular may lose for its likes."""

_FIGURES = {
    "recall": "Recall",
    "precision": "Precision",
    "p@1": "First right",
    "label_precision": "Label precision",
    "label_recall": "Label recall",
    "label_f1": "Label F1",
    "n_plus": "N+",
}
_HEROES = ("recall", "precision", "p@1", "label_f1")
_NAMES = {
    "als": "neighbours and ALS factors",
    "w2v": "Word2Vec and projection head",
    "both": "the two blended",
    "popularity": "the same for every photo",
    "als_seed": "plain mean of ten neighbours",
    "w2v_seed": "regressed mean vector",
}
_MARKED = (1, 5, 10)


@dataclass(frozen=True)
class _Section:
    key: str
    title: str
    body: str


def write_report(
    dataset: Path,
    model_dir: Path | None,
    out: Path,
    *,
    split: str = "test",
    at: int = 5,
    weights_dir: Path | None = None,
    cache_dir: Path,
    report: Progress = silent,
) -> Evaluation:
    """Measures a bundle on a split and writes the page; returns the figures in it.

    Args:
        model_dir: the bundle; None for the starter.
        out: the page, replaced where it is there.
        at: how many hashtags of an answer count.

    Raises:
        BundleError, DatasetError, WeightsError: as ``evaluate``; DatasetError too where the page
            cannot be written.
    """
    found = answers(
        dataset,
        model_dir,
        split=split,
        top=max(KS, at),
        weights_dir=weights_dir,
        cache_dir=cache_dir,
        report=report,
    )
    page, figures = _page(found, at, report)
    partial = out.with_name(f".{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(page, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise DatasetError(
            f"The report cannot be written to {out} ({error.strerror or error})."
        ) from error
    return figures


def _page(found: Answers, at: int, report: Progress) -> tuple[str, Evaluation]:
    bundle = found.engine.bundle
    backend = found.engine.default_backend
    steps = 6

    def step(number: int) -> None:
        report("drawing the report", number, steps)

    step(0)
    figures = found.measured(at)
    step(1)
    earned = contents.earned(found, backend)
    step(2)
    shown = landscape(bundle)
    step(3)
    best, worst = contents.best_and_worst(found, backend, at)
    sections = [
        _Section("figures", "All figures", _table(figures)),
        _Section("curves", "From one hashtag to twenty", _curves(contents.curves(found))),
        _Section("learning", "How it learnt", _learning(bundle.metrics)),
        _Section(
            "popular",
            "The most carried hashtags",
            _confusion(contents.confused(found, backend, at), backend, at),
        ),
    ]
    step(4)
    if shown is not None:
        sections.append(_Section("map", "Map of the hashtags", _map(shown)))
    if earned:
        sections.append(_Section("likes", "What the styles earn", _likes(earned)))
    sections.append(_Section("photos", "Photos", _photos(best, worst, backend, at)))
    step(5)
    html = _document(found, figures, backend, sections)
    step(steps)
    return html, figures


def _document(
    found: Answers, figures: Evaluation, backend: str, sections: Sequence[_Section]
) -> str:
    bundle = found.engine.bundle
    links = "".join(f'<a href="#{part.key}">{escape(part.title)}</a>' for part in sections)
    body = "".join(
        f'<section id="{part.key}"><h2>{escape(part.title)}</h2>{part.body}</section>'
        for part in sections
    )
    told = [
        f"{figures.photos:,} photos of the {figures.split} split of {figures.dataset}",
        f"{len(bundle.hashtags):,} hashtags known",
        " and ".join(sorted(bundle.backbones)),
    ]
    if fitted := bundle.provenance.get("fitted_at"):
        told.append(f"fitted {str(fitted)[:10]}")
    style = files("training.evaluation.report").joinpath("page.css").read_text(encoding="utf-8")
    title = f"{bundle.model} on {found.dataset}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f'<header><p class="kicker">tag4pic report</p><h1>{escape(title)}</h1>'
        f'<p class="facts">{escape(" · ".join(told))}</p>{_heroes(figures, backend)}</header>'
        f'<nav aria-label="Sections"><div>{links}</div></nav><main>{body}</main>'
        f"<footer>{_footer(found)}</footer></body></html>\n"
    )


def _heroes(figures: Evaluation, backend: str) -> str:
    tiles = []
    for key in _HEROES:
        low, high = figures.intervals[backend][key]
        name = _FIGURES[key] + (f" at {figures.at}" if key in ("recall", "precision") else "")
        tiles.append(
            f'<div class="card hero"><span>{name}</span>'
            f"<b>{figures.backends[backend][key]:.3f}</b>"
            f"<small>{low:.3f} – {high:.3f} · {escape(backend)}</small></div>"
        )
    return f'<div class="heroes">{"".join(tiles)}</div>'


def _table(figures: Evaluation) -> str:
    names = list(figures.backends)
    ours = [name for name in names if name not in BASELINES]
    most = {key: max(figures.intervals[name][key][1] for name in names) or 1.0 for key in _FIGURES}
    best = {key: max(ours, key=lambda name: figures.backends[name][key]) for key in _FIGURES}
    rows = []
    for name in names:
        cells = []
        for key in _FIGURES:
            value, (low, high) = figures.backends[name][key], figures.intervals[name][key]
            shown: Callable[[float], str] = _whole if key == "n_plus" else _share
            mark = ' class="best"' if best[key] == name else ""
            cells.append(
                f"<td{mark}><b>{shown(value)}</b><small>{shown(low)}–{shown(high)}</small>"
                f"{interval(value, low, high, most[key])}</td>"
            )
        base = "base" if name in BASELINES else f"c-{escape(name)}"
        rows.append(
            f'<tr class="{base}"><td class="who {base}">{escape(name)}'
            f"<small>{escape(_NAMES.get(name, ''))}</small></td>{''.join(cells)}</tr>"
        )
    heads = "".join(f"<th>{title}</th>" for title in _FIGURES.values())
    return (
        f"<p>The first {figures.at} hashtags of every answer, with 95 % intervals (Bayesian "
        "bootstrap). Recall, precision and first right are means over photos; the label figures "
        "are means over hashtags, and N+ counts the hashtags that were found at least once. The "
        "last three rows are baselines, fitted in the same run on the same features.</p>"
        + _scrolling(
            f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
            "All figures",
        )
    )


def _curves(curves: Sequence[Curve]) -> str:
    recall, both = [], []
    for curve in curves:
        along = list(zip(curve.recall, curve.precision, strict=True))
        recall.append(
            Line(
                curve.name,
                [
                    (k, float(r), f"{curve.name}: recall at {k} {r:.3f}")
                    for k, (r, _) in enumerate(along, 1)
                ],
            )
        )
        marked = [(k - 1, f"k={k}") for k in _MARKED if k <= len(along)]
        both.append(
            Line(
                curve.name,
                [
                    (
                        float(r),
                        float(p),
                        f"{curve.name}: k = {k}, {r:.3f}, {p:.3f}",
                    )
                    for k, (r, p) in enumerate(along, 1)
                ],
                marked if curve is _leading(curves) else (),
            )
        )
    return (
        "<p>More hashtags find more of what is true, and more of them are wrong.</p>"
        '<div class="two"><div class="card"><h3>Recall at k</h3>'
        f"{line_chart(recall, 'hashtags (k)', 'recall', whole_x=True)}</div>"
        '<div class="card"><h3>Precision by recall</h3>'
        f"{line_chart(both, 'recall', 'precision')}</div></div>"
    )


def _leading(curves: Sequence[Curve]) -> Curve:
    return max(curves, key=lambda curve: float(curve.precision.sum()))


def _learning(metrics: dict[str, Any]) -> str:
    epochs = metrics.get("history", {}).get("w2v", [])
    if not epochs:
        return (
            "<p>This bundle keeps no history of its projection head: it has none, or an earlier "
            "version fitted it.</p>"
        )
    best = max(range(len(epochs)), key=lambda epoch: float(epochs[epoch][1])) + 1
    losses = [(e, float(loss), f"epoch {e}: loss {loss:.3f}") for e, (loss, _) in _from_one(epochs)]
    scores = [(e, float(r), f"epoch {e}: recall {r:.3f}") for e, (_, r) in _from_one(epochs)]
    recall = Line("recall", scores, [(best - 1, f"epoch {best}")])
    return (
        f"<p>The projection head, epoch by epoch, on {metrics.get('validation_photos', 0):,} "
        f"photos held back. Epoch {best} was the best; the head was then fitted once more, for as "
        "many epochs, on all photos.</p>"
        '<div class="two"><div class="card"><h3>Recall at 5 on photos held back</h3>'
        f"{line_chart([recall], 'epoch', 'recall', whole_x=True, from_zero=False)}</div>"
        '<div class="card"><h3>Training loss</h3>'
        f"{line_chart([Line('loss', losses)], 'epoch', 'loss', whole_x=True)}</div></div>"
    )


def _from_one(epochs: Sequence[Sequence[float]]) -> list[tuple[int, tuple[float, float]]]:
    return [(number, (pair[0], pair[1])) for number, pair in enumerate(epochs, 1)]


def _confusion(rows: Sequence[Confused], backend: str, at: int) -> str:
    lines = []
    for row in rows:
        instead = "".join(
            f"<li>#{escape(tag)} <small>{count:,}</small></li>" for tag, count in row.instead
        )
        right = "never said" if row.right is None else f"{row.right:.0%}"
        lines.append(
            f'<tr><td class="who" title="#{escape(row.tag)}">#{escape(row.tag)}</td>'
            f"<td>{row.photos:,}</td>"
            f'<td>{row.found:.0%}<span class="bar"><i style="width:{row.found:.0%}"></i></span>'
            f'</td><td>{right}</td><td><ul class="chips">{instead}</ul></td></tr>'
        )
    return (
        f"<p>How often <b>{escape(backend)}</b> finds them among its first {at}, how often it is "
        "right when it says them, and which wrong hashtags photos got that should have had "
        "them.</p>"
        + _scrolling(
            "<table><thead><tr><th>Hashtag</th><th>Photos</th><th>Found</th>"
            "<th>Right when said</th><th>Said instead</th></tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>",
            "The most carried hashtags",
        )
    )


def _map(shown: Landscape) -> str:
    chart, legend = map_chart(shown)
    items = "".join(
        f'<li><i class="hue{number}"></i>{escape(name)}</li>' for number, name in legend
    )
    every = len(shown.places) == shown.vocabulary
    count = f"{len(shown.places):,}"
    which = f"All {count} hashtags" if every else f"The {count} most used hashtags"
    items += '<li><i class="hue0"></i>other categories</li>' if legend else ""
    return (
        f"<p>{which}, laid out by their {shown.of} vectors "
        f"({shown.method}): near ones mean alike. Colours are categories, sizes how often a "
        "hashtag is used.</p>"
        f'<div class="card"><div class="scroll more" tabindex="0" role="region" '
        f'aria-label="Map">{chart}</div><ul class="legend">{items}</ul></div>'
    )


def _verdict(plain: Earned, rows: Sequence[Earned]) -> str:
    popular = next((row for row in rows if row.style == "popular"), None)
    if popular is None or not plain.likes or not plain.precision:
        return ""
    likes, lost = popular.likes / plain.likes - 1, 1 - popular.precision / plain.precision
    if likes <= 0:
        return "<b>Style popular earns no more likes here.</b>"
    if lost > MOST_LOST:
        return f"<b>Style popular earns more, but loses over {MOST_LOST:.0%} of the precision.</b>"
    price = f"for {lost:.1%} of the precision" if lost > 5e-4 else "and loses no precision"
    return f"<b>Style popular earns {likes:.1%} more likes {price}.</b>"


def _scrolling(table: str, name: str) -> str:
    """A table that scrolls by itself where it is wider than the screen, by keyboard too."""
    region = f'tabindex="0" role="region" aria-label="{name}"'
    return f'<div class="card scroll more" {region}>{table}</div>'


def _likes(rows: Sequence[Earned]) -> str:
    plain = next((row for row in rows if row.style == "relevant"), rows[0])
    lines = []
    for row in rows:
        likes = row.likes / plain.likes - 1 if plain.likes else 0.0
        lost = row.precision / plain.precision - 1 if plain.precision else 0.0
        lines.append(
            f'<tr><td class="who">{escape(row.style)}</td><td><b>{row.likes:,.1f}</b>'
            f"<small>{_change(likes)}</small></td><td><b>{row.precision:.3f}</b>"
            f"<small>{_change(lost)}</small></td></tr>"
        )
    return (
        f"<p>The first {contents.STYLE_TOP} hashtags in each style: the mean of the median likes "
        "of the training posts that carry them, and their precision, beside style relevant. "
        f"{_verdict(plain, rows)}</p>"
        + _scrolling(
            "<table><thead><tr><th>Style</th><th>Mean of median likes</th>"
            f"<th>Precision at {contents.STYLE_TOP}</th></tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>",
            "What the styles earn",
        )
    )


def _photos(best: Sequence[Shown], worst: Sequence[Shown], backend: str, at: int) -> str:
    def cards(rows: Sequence[Shown]) -> str:
        return f'<div class="photos">{"".join(map(_card, rows))}</div>'

    return (
        f"<p>What <b>{escape(backend)}</b> said first, right ones in green, and below what it "
        f"missed. The first {at} count.</p><h3>Answered best</h3>{cards(best)}"
        + (f"<h3>Answered worst</h3>{cards(worst)}" if worst else "")
    )


def _card(shown: Shown) -> str:
    uri = data_uri(shown.image)
    picture = (
        f'<img src="{uri}" alt="" loading="lazy">'
        if uri
        else '<div class="picture">photo is gone</div>'
    )
    said = "".join(
        f'<li class="right">✓ #{escape(tag)}</li>' if right else f"<li>#{escape(tag)}</li>"
        for tag, right in shown.said
    )
    missed = "".join(f'<li class="missed">#{escape(tag)}</li>' for tag in shown.missed)
    carried = shown.right + len(shown.missed)
    found = f"all {carried} found" if not shown.missed else f"{shown.right} of {carried} found"
    below = f'<p class="count">missed</p><ul class="chips">{missed}</ul>' if missed else ""
    return (
        f'<figure class="card">{picture}<figcaption>'
        f'<p class="count">{found}</p>'
        f'<ul class="chips">{said}</ul>{below}</figcaption></figure>'
    )


def _footer(found: Answers) -> str:
    problems = "".join(f"<br>{escape(line)}" for line in found.problems)
    return f"Written by tag4pic train report.{problems}"


def _change(share: float) -> str:
    return f"{share:+.1%}" if abs(share) >= 5e-4 else ""


def _share(value: float) -> str:
    return f"{value:.3f}"


def _whole(value: float) -> str:
    return f"{value:.0f}"
