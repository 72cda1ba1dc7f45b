"""pytester runs pytest inside a test; it is declared here because a conftest further down may not.

Tests of a real cluster are skipped where there is none, and refused where they were asked for.
"""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests.order import InOrder, place_in_line
from tests.privileges import why_not
from tests.quick import MARK, Guard, is_quick

settings.register_profile("untimed", deadline=None)  # a busy machine is slow and not wrong
settings.load_profile("untimed")

pytest_plugins = ["pytester", "tests.backend.fakes"]

MARKERS = (
    "privileged(*kinds): needs privileges, such as those of root: see tests/privileges.py",
    "alone: measures this machine, so nothing else may run beside it",
    "quick: starts no process and opens no connection; set by tests/quick.py",
    "cluster: needs the cluster that KUBECONFIG names",
    "cluster_images: needs our images in its nodes; RAGMETER_CLUSTER_IMAGES is the prefix of their names (localhost/)",
)
NEEDS = {
    "cluster": ("KUBECONFIG", "it names no cluster; that of kind, k3d or a cloud will do"),
    "cluster_images": ("RAGMETER_CLUSTER_IMAGES", "the images of k8s/images are not in the nodes"),
}
"""The variable that a marker needs, and what it means when it is not set."""


for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI", "CI_JOB_URL"):
    os.environ.pop(name, None)  # what sessions within tests say is not for the pipeline that runs the tests


def pytest_configure(config: pytest.Config) -> None:
    """Warnings are errors to the tests of the library; to those of a service, which users run, they are warnings."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.getini("filterwarnings").insert(0, "error")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only quick tests were asked for, other files are not even imported."""
    is_test = collection_path.name.startswith("test_") and collection_path.is_file()
    return True if config.option.markexpr == MARK and is_test and not is_quick(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr == "cluster" and not os.environ.get("KUBECONFIG"):
        raise pytest.UsageError("KUBECONFIG is not set: " + NEEDS["cluster"][1])
    for item in filter(lambda item: is_quick(item.path), items):
        item.add_marker(MARK)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place_in_line(item.nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end. Garbage is neither looked for meanwhile, which takes a quarter of the time,
    nor in it later: a load asks for that before each phase, and would wait for half a second.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InOrder:
    return InOrder(config, log)


GUARD = Guard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Holds quick tests to what they promise."""
    GUARD.set(item.get_closest_marker(MARK) is not None)
    try:
        return (yield)
    finally:
        GUARD.set(False)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (variable, meaning) in NEEDS.items():
        if item.get_closest_marker(marker) and not os.environ.get(variable):
            pytest.skip(f"{variable} is not set: {meaning}")
    for privileges in item.iter_markers("privileged"):
        for reason in filter(None, map(why_not, privileges.args)):
            pytest.skip(reason)
