"""``ragmeter comment``: a summary as the one comment on the pull or merge request that a pipeline runs for."""

import argparse
import os
from pathlib import Path

from ragmeter.cli.terminal import say
from ragmeter.clients.files import read_text
from ragmeter.clients.forge import marker, place_of, put_comment
from ragmeter.report.markdown.inert import link


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "comment",
        help="put a summary on the pull or merge request",
        description="Write the summary of --bench-summary as a comment on the pull request (GitHub Actions) or merge "
        "request (GitLab CI) that the pipeline runs for; a second call changes that comment in place. The token comes "
        "from GITHUB_TOKEN or GITLAB_TOKEN. Where there is no request nothing is done.",
    )
    parser.add_argument("summary", type=Path, metavar="FILE.md", help="a file of --bench-summary")
    parser.add_argument(
        "--key", default="summary", metavar="NAME", help="which comment, where a request has several (default: summary)"
    )
    parser.add_argument("--link", default="", metavar="URL", help="address of the artifact, for a line at the end")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    marker(options.key)
    text = read_text(options.summary)
    place = place_of(os.environ)
    if place is None:
        say("ragmeter: this is no pipeline of a pull or merge request: no comment")
        return 0
    if options.link:
        text += f"\n{link('Reports of this run', options.link)}\n"
    say(f"ragmeter: comment {put_comment(place, text, key=options.key)} on {place.forge}")
    return 0
