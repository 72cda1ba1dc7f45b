"""Build the site into a folder; a warning is an error.

    python -m tools.site build/site

The folder opens in a browser as it is (index.html), also without a network. Exit status: that of sphinx-build.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build

from tools.site.sources import gather

CONFIGURATION = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the site goes; an earlier site there is replaced")
    folder: Path = parser.parse_args().folder
    if (folder / ".buildinfo").is_file():
        shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix="ragmeter-site-") as work:
        sources = Path(work) / "sources"
        gather(sources)
        strict = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
        cache = ["-c", str(CONFIGURATION), "-d", str(Path(work) / "doctrees")]
        return sphinx_build([*strict, *cache, "--builder", "html", str(sources), str(folder)])


if __name__ == "__main__":
    sys.exit(main())
