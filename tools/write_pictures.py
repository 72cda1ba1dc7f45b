"""Take the pictures of the documentation anew: of a run of the embedded service, and of three simulated providers.

python -m tools.write_pictures        two minutes, Chromium
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from ragmeter.testing import GroundTruthServer, StreamScript

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
REPORT_SIZE: Final = (1280, 1034)
COMPARISON_SIZE: Final = (1180, 1004)
SIMULATED: Final = {
    "akamai-lke": (StreamScript(ttft_ms=120, itl_ms=12, tokens=64), 1.9),
    "aws-eks": (StreamScript(ttft_ms=95, itl_ms=11, tokens=64), 2.6),
    "gcp-gke": (StreamScript(ttft_ms=140, itl_ms=12, tokens=64), 2.4),
}
"""Times of the streams, and USD per hour of the GPU node."""
REST: Final = (
    "as_of: '2026-01-30', source: made up, gpu_node_count: 1, "
    "cpu_node_usd_per_hr: 0.1, cpu_node_count: 2, cluster_mgmt_usd_per_hr: 0.1"
)


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("chromium is not installed: sudo apt-get install chromium\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="ragmeter-pictures-") as work:
        folder = Path(work)
        _measure(folder, "--provider=local")
        _compare(folder)
        _take(chromium, _only(folder, "ns/local/*.html"), IMAGES / "report.png", REPORT_SIZE)
        _take(chromium, _only(folder, "ns/*/*.comparison.html"), IMAGES / "comparison.png", COMPARISON_SIZE)
    return 0


def _measure(folder: Path, *arguments: str) -> None:
    """From the checkout, so that paths are shown as a reader has them. Raises CalledProcessError when a test fails."""
    command = [sys.executable, "-m", "pytest", "bench", "-p", "no:cacheprovider"]
    subprocess.run([*command, *arguments, f"--bench-report-dir={folder}"], cwd=ROOT, check=True)  # noqa: S603 - our own


def _compare(folder: Path) -> None:
    """Provider files of the same names as those that are shipped, for servers on this machine."""
    with ExitStack() as servers:
        for name, (script, usd_per_hr) in SIMULATED.items():
            url = servers.enter_context(GroundTruthServer(script, process=True)).base_url
            cost = f"{{{REST}, gpu_node_usd_per_hr: {usd_per_hr}}}"
            provider = f"schema: provider.v1\nname: {name}\nbase_url: {url}\ncost: {cost}\n"
            (folder / f"{name}.yaml").write_text(provider, encoding="utf-8")
        providers = [f"--provider={folder / name}.yaml" for name in SIMULATED]
        load = ["--workload=standard", "--bench-trials=5", "--bench-requests=60", "-m", "north_south"]
        _measure(folder, *providers, *load)


def _only(folder: Path, pattern: str) -> Path:
    """Raises ValueError when there is none, or more than one."""
    (path,) = folder.glob(pattern)
    return path


def _take(chromium: str, page: Path, image: Path, size: tuple[int, int]) -> None:
    width, height = size
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        shown.goto(page.as_uri())
        shown.screenshot(path=image)
        browser.close()


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(main())
