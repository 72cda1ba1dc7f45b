"""Sphinx reads this: https://www.sphinx-doc.org/en/master/usage/configuration.html"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

project = "ragmeter"
(release,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "src/ragmeter/__init__.py").read_text(), re.MULTILINE)
project_copyright = "the authors of ragmeter, Apache-2.0"

extensions = ["myst_parser", "sphinx_copybutton"]
myst_heading_anchors = 6  # as GitHub and GitLab make them, so that one link is right in every place
highlight_language = "text"
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"

html_theme = "furo"
html_title = f"ragmeter {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "tango"
pygments_dark_style = "monokai"
