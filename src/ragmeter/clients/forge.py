"""GitHub and GitLab: one comment on a pull or merge request, written once and changed in place ever after.

Which comment is ours is told by the marker that its text begins with. Where a pipeline runs, and for which request, is
told by the variables that it sets. A token comes from the environment alone, and is in no message.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx

from ragmeter.clients.connection.origin import Origin
from ragmeter.core.errors import ConfigError, StorageError

TIMEOUT_S: Final = 30
PAGE: Final = 100
MOST_PAGES: Final = 30
MOST_CHARS: Final = 60_000
"""GitHub takes 65,536."""
KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
CUT: Final = "\n\nThe rest is on the page.\n"
_ADVICE: Final = {
    401: "the token is not accepted",
    403: "the token may not comment: on GitHub the job needs 'permissions: pull-requests: write', and a pull request "
    "from a fork has a token that only reads",
    404: "there is no such request, or the token may not see it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where comments of one request are. comments: the URL of their list. headers: with the token."""

    forge: Literal["GitHub", "GitLab"]
    comments: str
    headers: Mapping[str, str] = field(repr=False)

    def one(self, number: object) -> str:
        """The URL of one comment."""
        if self.forge == "GitLab":
            return f"{self.comments}/{number}"
        return re.sub(r"/issues/\d+/comments$", f"/issues/comments/{number}", self.comments)


def place_of(environment: Mapping[str, str]) -> Place | None:
    """The request that a pipeline runs for; None where it runs for none. Raises ConfigError for what is missing."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return _on_github(environment)
    if environment.get("GITLAB_CI") == "true":
        return _on_gitlab(environment)
    return None


def _on_github(environment: Mapping[str, str]) -> Place | None:
    number = _number_of_event(environment.get("GITHUB_EVENT_PATH", ""))
    if number is None:
        return None
    api = _api(environment.get("GITHUB_API_URL", "https://api.github.com"), "GITHUB_API_URL")
    repository = _known(environment, "GITHUB_REPOSITORY")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ConfigError(f"environment GITHUB_REPOSITORY: {repository!r} is not owner/name")
    token = environment.get("GH_TOKEN", "").strip() or _known(environment, "GITHUB_TOKEN")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    comments = f"{api}/repos/{repository}/issues/{number}/comments"
    return Place(forge="GitHub", comments=comments, headers=headers)


def _number_of_event(path: str) -> int | None:
    """Of the pull request, as the event that started the workflow says. Raises ConfigError."""
    if not path:
        return None
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"environment GITHUB_EVENT_PATH: {path}: {error}") from error
    found = event.get("pull_request") if isinstance(event, dict) else None
    number = found.get("number") if isinstance(found, dict) else None
    return number if isinstance(number, int) else None


def _on_gitlab(environment: Mapping[str, str]) -> Place | None:
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    if not number:
        return None
    if not number.isdigit():
        raise ConfigError(f"environment CI_MERGE_REQUEST_IID: {number!r} is not a number")
    api = _api(_known(environment, "CI_API_V4_URL"), "CI_API_V4_URL")
    project = quote(_known(environment, "CI_PROJECT_ID"), safe="")
    comments = f"{api}/projects/{project}/merge_requests/{number}/notes"
    return Place(forge="GitLab", comments=comments, headers={"PRIVATE-TOKEN": _known(environment, "GITLAB_TOKEN")})


def _api(text: str, name: str) -> str:
    try:
        return str(Origin.parse(text)).rstrip("/")
    except ConfigError as error:
        raise ConfigError(f"environment {name}: {error}") from error


def _known(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name, "").strip():
        return value
    raise ConfigError(f"environment {name}: is not set; a comment on the request needs it")


def marker(key: str) -> str:
    """What the text of the comment begins with. Raises ConfigError for a key that would not be one word of it."""
    if not KEY.fullmatch(key):
        raise ConfigError(f"--key: {key!r} is not a name of letters, digits, '.', '_' and '-', of at most 64")
    return f"<!-- ragmeter: {key} -->"


def put_comment(place: Place, text: str, *, key: str) -> str:
    """Write the comment, or change the one that is there; returns which. Raises StorageError with the reason."""
    begins = marker(key)
    body = f"{begins}\n{text}"
    if len(body) > MOST_CHARS:
        body = body[: MOST_CHARS - len(CUT)].rpartition("\n")[0] + CUT
    with httpx.Client(headers=dict(place.headers), timeout=TIMEOUT_S, follow_redirects=False) as http:
        mine = next((each for each in _listed(http, place) if str(each.get("body", "")).startswith(begins)), None)
        if mine is None:
            _asked(http, place, "POST", place.comments, {"body": body})
            return "written"
        method = "PUT" if place.forge == "GitLab" else "PATCH"
        _asked(http, place, method, place.one(mine.get("id")), {"body": body})
        return "updated"


def _listed(http: httpx.Client, place: Place) -> Iterator[Mapping[str, Any]]:
    for page in range(1, MOST_PAGES + 1):
        found = _asked(http, place, "GET", f"{place.comments}?per_page={PAGE}&page={page}")
        if not isinstance(found, list):
            raise StorageError(f"{place.forge}: {place.comments}: the list of comments is no list")
        yield from (each for each in found if isinstance(each, dict))
        if len(found) < PAGE:
            return


def _asked(http: httpx.Client, place: Place, method: str, url: str, body: object = None) -> Any:
    try:
        response = http.request(method, url, json=body) if body is not None else http.request(method, url)
    except httpx.HTTPError as error:
        raise StorageError(f"{place.forge}: {url}: {type(error).__name__}: {error}") from error
    if response.is_success:
        return response.json()
    advice = _ADVICE.get(response.status_code, "the comment was not written")
    raise StorageError(f"{place.forge}: {url}: HTTP {response.status_code}: {advice}")
