"""pytester runs pytest inside a test; it is declared here because a conftest further down may not.

Tests of a real cluster are skipped where there is none, and refused where they were asked for.
"""

import os

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is slow and not wrong
settings.load_profile("untimed")

pytest_plugins = ["pytester"]

NEEDS = {
    "cluster": ("KUBECONFIG", "it names no cluster; that of kind, k3d or a cloud will do"),
    "cluster_images": ("RAGMETER_CLUSTER_IMAGES", "the images of k8s/images are not in the nodes"),
}
"""The variable that a marker needs, and what it means when it is not set."""


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    if config.option.markexpr == "cluster" and not os.environ.get("KUBECONFIG"):
        raise pytest.UsageError("KUBECONFIG is not set: " + NEEDS["cluster"][1])


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (variable, meaning) in NEEDS.items():
        if item.get_closest_marker(marker) and not os.environ.get(variable):
            pytest.skip(f"{variable} is not set: {meaning}")
