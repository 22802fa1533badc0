"""The sweep over every backbone, on one that is drawn and one that is followed by shape."""

from training.evaluation.backbone_sweep import different, sweep


def test_a_small_network_is_drawn_and_a_large_one_followed_by_shape() -> None:
    small, large = sweep(["squeezenet1_1@IMAGENET1K_V1+vit_h_14"])
    assert (small.dims, small.side, small.works) == (512, 224, True)
    assert small.milliseconds is not None and small.alone is not None
    assert (large.dims, large.side, large.milliseconds) == (1280, 518, None)


def test_weights_that_only_differ_in_their_numbers_are_swept_once() -> None:
    names = different()
    assert {"efficientnet_lite0", "resnet50", "regnet_y_16gf"} < set(names)
    assert "regnet_y_16gf@IMAGENET1K_SWAG_E2E_V1" in names
    assert "regnet_y_16gf@IMAGENET1K_V1" not in names and "resnet50@IMAGENET1K_V2" not in names
    assert len(names) == len(set(names))
