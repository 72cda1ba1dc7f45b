"""Programs of the system that tests start, and the packages of Debian and Ubuntu that hold them: those of README."""

import shutil

import pytest

PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "caddy": "caddy",
    "cc": "gcc libc6-dev",
    "chromium": "chromium",
    "git": "git",
    "ip": "iproute2",
    "iperf3": "iperf3",
    "nsenter": "util-linux",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-pushgateway": "prometheus-pushgateway",
    "ss": "iproute2",
    "tc": "iproute2",
    "unshare": "util-linux",
    "victoria-metrics": "victoria-metrics",
}

AS_A_USER = ("-p", "no:hypothesispytest")
"""Of a pytest in a process of its own: a user has no hypothesis, whose plugin imports all of it, half of the start."""


def program(name: str) -> str:
    """Its path; the test is skipped where it is not installed, with the command that installs it."""
    found = shutil.which(name)
    return found if found is not None else pytest.skip(_missing(name))


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips tests where a program is not installed."""
    missing = [name for name in names if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason="; ".join(map(_missing, missing)))


def _missing(name: str) -> str:
    return f"{name} is not installed: sudo apt-get install {PACKAGES[name]}"
