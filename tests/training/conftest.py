"""What tests of training share."""

import pytest

from recommenders.backbones.backbone import Backbone, load_backbone


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    """A backbone whose weights come with the project."""
    return load_backbone("efficientnet_lite0")
