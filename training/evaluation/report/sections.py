"""The sections of the report's page as HTML, from plain numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby

from recommenders.bundle import Bundle
from training.evaluation.baselines import BASELINES
from training.evaluation.compared import Result
from training.evaluation.evaluate import Evaluation
from training.evaluation.figures import COMPARED, FIGURES, accuracy_flatters
from training.evaluation.reliability import Reliability
from training.evaluation.report.charts import (
    Line,
    interval,
    line_chart,
    map_chart,
    reliability_chart,
)
from training.evaluation.report.contents import (
    STYLE_TOP,
    AnsweredPhoto,
    Confusion,
    Curve,
    StyleFigures,
)
from training.evaluation.report.landscape import Landscape
from training.evaluation.report.thumbnails import data_uri
from training.fitting.parallel_heads import PLENTY
from training.plurals import counted

MOST_LOST = 0.15
"""Share of the precision that style popular may lose for its likes."""

_METHODS = {
    "als": "neighbours and ALS factors",
    "w2v": "Word2Vec and projection head",
    "both": "the two together",
    "popularity": "the same for every photo",
    "als_seed": "plain mean of ten neighbours",
    "w2v_seed": "regressed mean vector",
}
_MARKED_KS = (1, 5, 10)


def first_figures(figures: Evaluation, backend: str) -> str:
    """The figures that stand at the top of the page."""
    tiles = []
    for key in ("recall", "precision", "p@1", "label_f1"):
        low, high = figures.intervals[backend][key]
        title = FIGURES[key].title + (f" at {figures.at}" if key in ("recall", "precision") else "")
        tiles.append(
            f'<div class="card hero"><span>{title}</span>'
            f"<b>{figures.backends[backend][key]:.3f}</b>"
            f"<small>{low:.3f} – {high:.3f} · {escape(backend)}</small></div>"
        )
    return f'<div class="heroes">{"".join(tiles)}</div>'


def figures(figures: Evaluation, bundle: Bundle) -> str:
    """Every figure of every backend and baseline, with its interval."""
    methods = dict(_METHODS)
    if "class_hashtags" in bundle.arrays.get("als", {}):
        methods["both"] += ", with ImageNet's classes"
    names = list(figures.backends)
    ours = [name for name in names if name not in BASELINES]
    most = {key: max(figures.intervals[name][key][1] for name in names) or 1.0 for key in FIGURES}
    best = {key: max(ours, key=lambda name: figures.backends[name][key]) for key in FIGURES}
    rows = []
    for name in names:
        cells = []
        for key in FIGURES:
            mark = ' class="best"' if best[key] == name else ""
            one = _figure(key, figures.backends[name], figures.intervals[name], most[key])
            cells.append(f"<td{mark}>{one}</td>")
        base = "base" if name in BASELINES else f"c-{escape(name)}"
        rows.append(
            f'<tr class="{base}"><td class="who {base}">{escape(name)}'
            f"<small>{escape(methods.get(name, ''))}</small></td>{''.join(cells)}</tr>"
        )
    return (
        f"<p>The first {counted(figures.at, 'hashtag')} of every answer, with 95% intervals "
        "(Bayesian bootstrap). Recall, precision, F2 (in which recall weighs four times as much as "
        "precision) and first right are means over photos; the label figures are means over "
        "hashtags, and N+ counts the hashtags found at least once. "
        f"{accuracy_flatters(figures.empty_accuracy)} The last three rows are baselines, fitted in "
        "the same run on the same features.</p>"
        + _table(["", *(figure.title for figure in FIGURES.values())], rows, "All figures")
    )


def comparison(results: Sequence[Result]) -> str:
    """Plans side by side, a table for all that were measured on the same.

    Args:
        results: in the order of ``read_results``.
    """
    tables = []
    states = Counter(dataset for dataset, _ in {(one.dataset, one.posts) for one in results})
    for on, group in groupby(results, key=lambda one: one.measured_on):
        of_split = list(group)
        measured = [(one, name) for one in of_split for name in one.backends]
        most = {
            key: max((one.intervals[name][key][1] for one, name in measured), default=0) or 1.0
            for key in COMPARED
        }
        shared = [
            setting
            for setting in of_split[0].settings
            if all(setting in one.settings for one in of_split)
        ]
        rows = []
        for one in of_split:
            own = [escape(setting) for setting in one.settings if setting not in shared]
            plan = "<br>".join(own) or "the plan itself"
            if one.error:
                rows.append(
                    f'<tr><td class="who">{plan}</td><td colspan="{len(COMPARED) + 3}">'
                    f"cannot be fitted: {escape(one.error)}</td></tr>"
                )
            for name, figures in one.backends.items():
                cells = "".join(
                    f"<td>{_figure(key, figures, one.intervals[name], most[key])}</td>"
                    for key in COMPARED
                )
                rows.append(
                    f'<tr class="c-{escape(name)}"><td class="who">{plan}</td>'
                    f"<td>{escape(name)}</td>{cells}<td>{one.cpu_seconds:,.0f} s</td>"
                    f"<td>{one.seconds:,.0f} s</td></tr>"
                )
        photos = max(one.photos for one in of_split)
        flattered = (
            " The best of several plans on the test split looks better there than it is."
            if on.split == "test"
            else ""
        )
        always = f" All with {escape(', '.join(shared))}." if shared else ""
        heads = ["Plan", "Backend", *(FIGURES[key].title for key in COMPARED), "CPU", "Clock"]
        backbones = of_split[0].backbones
        title = f"{on.dataset}, {on.split}: {counted(photos, 'photo')}, first {on.at}"
        title += f", {backbones}" if backbones else ""
        of_posts = ""
        if states[on.dataset] > 1:
            title += f", posts {on.posts[:8]}"
            of_posts = (
                " The dataset changed meanwhile: the SHA-256 of its posts.jsonl began with "
                f"{on.posts[:8]} then."
            )
        tables.append(
            f"<h3>{escape(title)}</h3><p>Each plan was fitted without these photos and measured on "
            f"them, with 95% intervals; times are for the fit, features excluded.{always}"
            f"{flattered}{of_posts}</p>{_table(heads, rows, escape(title))}"
        )
    return "".join(tables)


def curves(curves: Sequence[Curve]) -> str:
    """Recall and precision as more hashtags are counted."""
    leading = max(curves, key=lambda curve: float(curve.precision.sum()))
    recall, both = [], []
    for curve in curves:
        name = curve.name
        points = [
            (k, float(r), float(p))
            for k, (r, p) in enumerate(zip(curve.recall, curve.precision, strict=True), 1)
        ]
        recall.append(Line(name, [(k, r, f"{name}: recall at {k} {r:.3f}") for k, r, _ in points]))
        marked = [(k - 1, f"k={k}") for k in _MARKED_KS if k <= len(points)]
        both.append(
            Line(
                name,
                [(r, p, f"{name}: k = {k}, {r:.3f}, {p:.3f}") for k, r, p in points],
                marked if curve is leading else (),
            )
        )
    return "<p>With more hashtags recall rises, and more of them are wrong.</p>" + _two_charts(
        ("Recall at k", line_chart(recall, "hashtags (k)", "recall", whole_x=True)),
        ("Precision by recall", line_chart(both, "recall", "precision")),
    )


def reliabilities(judged: Reliability, first: Reliability) -> str:
    """Calibration of the probabilities of ``both``."""
    return (
        "<p>The fusion gives each hashtag a probability. Of those with 60 %, six in ten should be "
        "right: on the diagonal they are; above it the fusion is too cautious, below it too "
        "confident. Bars count hashtags, on a logarithmic scale; whiskers are 95% intervals. A "
        "photo's own hashtags seldom name all that is true of it, so expect points a little below "
        "the diagonal.</p>"
        + _two_charts(
            (f"All hashtags judged {_error(judged)}", reliability_chart(judged)),
            (f"The first five of each answer {_error(first)}", reliability_chart(first)),
        )
    )


def learning(bundle: Bundle) -> str:
    """The projection head's recall and loss, epoch by epoch."""
    history = bundle.metrics.get("history", {}).get("w2v", [])
    if not history:
        return (
            "<p>This bundle has no history of its projection head: it has no head, or an earlier "
            "version fitted it.</p>"
        )
    epochs = [(epoch, float(loss), float(r)) for epoch, (loss, r) in enumerate(history, 1)]
    plan = bundle.provenance.get("plan", {})
    best, _, _ = max(epochs, key=lambda row: row[2])
    taken = f"Epoch {best} was the best"
    if stop_after := plan.get("head", {}).get("stop_after"):
        best, taken = stop_after, f"The plan stops after epoch {stop_after}"
    again = "the head was then fitted again for that many epochs on nearly all photos, these too"
    held = bundle.settings.get("replay", {}).get("held", 0)
    if bundle.provenance.get("photos", 0) - held >= PLENTY:
        again = "of so many photos these were not learnt too"
    which = "The first projection head" if plan.get("heads", 1) > 1 else "The projection head"
    losses = Line("loss", [(e, loss, f"epoch {e}: loss {loss:.3f}") for e, loss, _ in epochs])
    recall = Line(
        "recall",
        [(e, r, f"epoch {e}: recall {r:.3f}") for e, _, r in epochs],
        [(best - 1, f"epoch {best}")],
    )
    return (
        f"<p>{which}, epoch by epoch, on "
        f"{counted(bundle.metrics.get('validation_photos', 0), 'photo')} held back. {taken}; "
        f"{again}.</p>"
        + _two_charts(
            (
                "Recall at 5 on photos held back",
                line_chart([recall], "epoch", "recall", whole_x=True, from_zero=False),
            ),
            ("Training loss", line_chart([losses], "epoch", "loss", whole_x=True)),
        )
    )


def confusion(hashtags: Sequence[Confusion], backend: str, at: int) -> str:
    """How the hashtags that most photos carry were answered."""
    rows = []
    for row in hashtags:
        instead = _chips(f"<li>#{escape(tag)} <small>{n:,}</small></li>" for tag, n in row.instead)
        right = "never suggested" if row.precision is None else f"{row.precision:.0%}"
        rows.append(
            f'<tr><td class="who" title="#{escape(row.tag)}">#{escape(row.tag)}</td>'
            f"<td>{row.photos:,}</td>"
            f'<td>{row.recall:.0%}<span class="bar"><i style="width:{row.recall:.0%}"></i></span>'
            f"</td><td>{right}</td><td>{instead}</td></tr>"
        )
    return (
        f"<p>How often the first {at} hashtags of <b>{escape(backend)}</b> include the hashtag on "
        "photos that carry it, how often it is right when suggested, and which wrong hashtags "
        "were suggested where it was missed.</p>"
        + _table(
            ["Hashtag", "Photos", "Found", "Right when suggested", "Suggested instead"],
            rows,
            "The most common hashtags",
        )
    )


def hashtag_map(landscape: Landscape) -> str:
    """The map of the hashtags, and its legend."""
    chart, legend = map_chart(landscape)
    items = "".join(
        f'<li><i class="hue{number}"></i>{escape(name)}</li>' for number, name in legend
    )
    categories = {place.category for place in landscape.places}
    if legend and len(categories - {-1}) > len(legend):
        items += '<li><i class="hue0"></i>other categories</li>'
    elif legend and -1 in categories:
        items += '<li><i class="hue0"></i>no category</li>'
    count = f"{len(landscape.places):,}"
    every = len(landscape.places) == landscape.vocabulary
    which = f"All {count} hashtags" if every else f"The {count} most used hashtags"
    return (
        f"<p>{which}, laid out by their {landscape.of} vectors "
        f"({landscape.method}): hashtags close together have similar meanings. Colours show "
        "categories, sizes how often a hashtag is used.</p>"
        f'<div class="card"><div class="scroll more" tabindex="0" role="region" '
        f'aria-label="Map">{chart}</div><ul class="legend">{items}</ul></div>'
    )


def likes(styles: Sequence[StyleFigures]) -> str:
    """What each style earns, and whether style popular is worth it."""
    relevant = next((row for row in styles if row.style == "relevant"), styles[0])
    rows = []
    for row in styles:
        more = row.likes / relevant.likes - 1 if relevant.likes else 0.0
        lost = row.precision / relevant.precision - 1 if relevant.precision else 0.0
        rows.append(
            f'<tr><td class="who">{escape(row.style)}</td><td><b>{row.likes:,.1f}</b>'
            f"<small>{_change(more)}</small></td><td><b>{row.precision:.3f}</b>"
            f"<small>{_change(lost)}</small></td></tr>"
        )
    return (
        f"<p>The first {STYLE_TOP} hashtags in each style: the mean of the median likes "
        "of the posts held out that carry them, and their precision, compared with style relevant. "
        f"{_verdict(relevant, styles)}</p>"
        + _table(
            ["Style", "Mean of median likes", f"Precision at {STYLE_TOP}"],
            rows,
            "What the styles earn",
        )
    )


def photos(
    best: Sequence[AnsweredPhoto], worst: Sequence[AnsweredPhoto], backend: str, at: int
) -> str:
    """Photos that were answered best and worst."""

    def cards(answered: Sequence[AnsweredPhoto]) -> str:
        return f'<div class="photos">{"".join(map(_card, answered))}</div>'

    return (
        f"<p>What <b>{escape(backend)}</b> suggested first, right ones in green, and below that "
        f"what it missed. Only the first {at} count.</p><h3>Best answers</h3>{cards(best)}"
        + (f"<h3>Worst answers</h3>{cards(worst)}" if worst else "")
    )


def _card(photo: AnsweredPhoto) -> str:
    uri = data_uri(photo.image)
    picture = (
        f'<img src="{uri}" alt="" loading="lazy">'
        if uri
        else '<div class="picture">photo is missing</div>'
    )
    answer = _chips(
        f'<li class="right">✓ #{escape(tag)}</li>' if right else f"<li>#{escape(tag)}</li>"
        for tag, right in photo.answer
    )
    right = sum(right for _, right in photo.answer)
    carried = right + len(photo.missed)
    count, missed = f"all {carried} found", ""
    if photo.missed:
        count = f"{right} of {carried} found"
        chips = _chips(f'<li class="missed">#{escape(tag)}</li>' for tag in photo.missed)
        missed = f'<p class="count">missed</p>{chips}'
    return (
        f'<figure class="card">{picture}<figcaption><p class="count">{count}</p>'
        f"{answer}{missed}</figcaption></figure>"
    )


def _verdict(relevant: StyleFigures, styles: Sequence[StyleFigures]) -> str:
    popular = next((row for row in styles if row.style == "popular"), None)
    if popular is None or not relevant.likes or not relevant.precision:
        return ""
    (low, high), lost = popular.more, 1 - popular.precision / relevant.precision
    if low <= 0:
        return "<b>Style popular earns no more likes here than by chance.</b>"
    if lost > MOST_LOST:
        return f"<b>Style popular earns more, but loses over {MOST_LOST:.0%} of the precision.</b>"
    price = (
        f"at the cost of {lost:.1%} of the precision" if lost > 5e-4 else "and loses no precision"
    )
    return f"<b>Style popular earns {low:.1%} to {high:.1%} more likes {price}.</b>"


def _figure(
    key: str,
    figures: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]],
    most: float,
) -> str:
    """A figure with its interval, in digits and drawn on a line from 0 to ``most``."""
    value, (low, high) = figures[key], intervals[key]
    digits = FIGURES[key].digits
    return (
        f"<b>{value:.{digits}f}</b><small>{low:.{digits}f}–{high:.{digits}f}</small>"
        f"{interval(value, low, high, most)}"
    )


def _table(heads: Sequence[str], rows: Sequence[str], label: str) -> str:
    """A table that scrolls by itself where it is wider than the screen, by keyboard too."""
    return (
        f'<div class="card scroll more" tabindex="0" role="region" aria-label="{label}">'
        f"<table><thead><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _two_charts(*charts: tuple[str, str]) -> str:
    cards = (f'<div class="card"><h3>{title}</h3>{chart}</div>' for title, chart in charts)
    return f'<div class="two">{"".join(cards)}</div>'


def _error(reliability: Reliability) -> str:
    return f"<small>expected calibration error {reliability.error:.1%}</small>"


def _chips(items: Iterable[str]) -> str:
    return f'<ul class="chips">{"".join(items)}</ul>'


def _change(share: float) -> str:
    return f"{share:+.1%}" if abs(share) >= 5e-4 else ""
