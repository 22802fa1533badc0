"""What a fit takes as posts grow."""

from pathlib import Path

import pytest

from tests.shapes import write_posts
from tests.training.conftest import Run
from training.evaluation.fitting_time import grown, main


def test_every_step_of_a_fit_is_measured_on_posts_drawn_again_where_there_are_few(
    run_tool: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.fitting.choosing.FEWEST", 1)
    tags = ["sea", "sun", "dog", "cat"]
    posts = [{"hashtags": [tags[row % 4], tags[row % 3], "photo"]} for row in range(12)]
    small = ["heads=1", "head.epochs=1", "head.hidden=16", "vectors.epochs=1", "vectors.dims=4"]
    small += ["als.factors=4", "fusion.trees=2", "categories=2"]
    knobs = [part for knob in small for part in ("--set", knob)]
    dataset = str(write_posts(tmp_path / "posts", posts))
    result = run_tool(main, "--dataset", dataset, "--posts", "40", *knobs)
    assert result.exit_code == 0, result.output
    assert "40 posts, 5 hashtags" in " ".join(result.stdout.split())
    for step in ("vectors", "ALS", "head", "choosing and fusion", "categories"):
        assert step in result.stdout


def test_an_index_of_many_photos_is_a_step_of_its_own(
    run_tool: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    monkeypatch.setattr("training.fitting.pipeline.SCANNED", 50)
    posts = [{"hashtags": ["sea", f"tag{row % 3}"]} for row in range(12)]
    small = ["heads=1", "head.epochs=1", "head.hidden=16", "vectors.epochs=1", "vectors.dims=4"]
    small += ["als.factors=4", "fusion.trees=2", "categories=2"]
    knobs = [part for knob in small for part in ("--set", knob)]
    dataset = str(write_posts(tmp_path / "posts", posts))
    # Twenty posts with their mirrored copies need none.
    result = run_tool(main, "--dataset", dataset, "--posts", "20", "--posts", "40", *knobs)
    assert result.exit_code == 0, result.output
    assert "index of photos" in result.stdout


def test_what_grows_in_a_straight_line_grows_on_so_and_what_grows_faster_by_a_power() -> None:
    assert grown({100: 5.0, 200: 9.0, 400: 17.0}, 800) == pytest.approx(33)
    assert grown({100: 1.0, 200: 4.0, 400: 16.0}, 800) == pytest.approx(64)
    assert grown({200: 3.0, 400: 3.0}, 800) == 3
