"""The files to go on with: provider, workload, a search for the capacity, and a job of a CI."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

import ragmeter
from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.core.inputs.starter import URL_VARIABLE, Starter

CI: Final = {"github": Path(".github", "workflows", "ragmeter.yml"), "gitlab": Path(".gitlab-ci.yml")}
"""Where each CI looks for its file in a repository."""
PROVIDER_FILE, WORKLOAD_FILE, SEARCH_FILE = Path("provider.yaml"), Path("workload.yaml"), Path("capacity.yaml")
COMMAND: Final = f"ragmeter run --provider=./{PROVIDER_FILE}"
SEARCH_COMMAND: Final = f"{COMMAND} --workload=./{SEARCH_FILE}"
_WHEEL: Final = f"ci/ragmeter-{ragmeter.__version__}-py3-none-any.whl"

_GITHUB: Final = """\
# Measures the service and keeps the reports. Put the wheel of ragmeter into the folder ci, and set the variable
# {variable}{secrets} of the repository. The runner has to reach the service and should be idle.
name: latency of {name}
on:
  workflow_dispatch:
  schedule:
    - cron: "17 3 * * *"
jobs:
  measure:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    concurrency: ragmeter-{name}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install {wheel}
      - name: Measure and judge
        env:
          {variable}: ${{{{ vars.{variable} }}}}
{environment}        run: {command}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: ragmeter-reports
          path: reports/
"""
_GITLAB: Final = """\
# Measures the service and keeps the reports. Put the wheel of ragmeter into the folder ci, and set the variable
# {variable}{secrets} of the project. The runner has to reach the service and should be idle.
latency of {name}:
  stage: test
  image: python:3.12
  timeout: 30 minutes
  resource_group: ragmeter-{name}
  before_script:
    - pip install {wheel}
  script:
    - {command}
  artifacts:
    when: always
    expire_in: 30 days
    paths:
      - reports/
    reports:
      junit: reports/ns/*/*.xml
"""


def files_of(
    starter: Starter, ci: str, questions: Path | None = None, search: Mapping[str, Any] | None = None
) -> dict[Path, str | Path]:
    """By path in the folder: the text, or the file that is copied. ci: a key of `CI`, or ``none``."""
    made: dict[Path, str | Path] = {
        PROVIDER_FILE: _yaml(starter.provider_file(), f"The service, elsewhere at {URL_VARIABLE}: {COMMAND}"),
        WORKLOAD_FILE: _yaml(starter.workload(), "What the service is asked, and how often."),
    }
    if starter.file and questions:
        made[Path(starter.file)] = questions
    if search is not None:
        made[SEARCH_FILE] = _yaml(search, f"Finds the highest rate at which goodput is kept: {SEARCH_COMMAND}")
    if ci in CI:
        made[CI[ci]] = _job(_GITHUB if ci == "github" else _GITLAB, starter)
    return made


def _job(template: str, starter: Starter) -> str:
    secrets = "".join(f", and the secret {name}" for name in starter.variables)
    environment = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in starter.variables)
    return template.format(
        name=starter.name,
        variable=URL_VARIABLE,
        secrets=secrets,
        environment=environment,
        wheel=_WHEEL,
        command=COMMAND,
    )


def _yaml(document: Mapping[str, Any], comment: str) -> str:
    return f"# {comment}\n{yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)}"


def check_free(folder: Path, names: Mapping[Path, Any], *, force: bool) -> None:
    """Raise ConfigError unless every file can be written there without replacing one."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; name a folder")
    taken = [] if force else [str(folder / name) for name in names if (folder / name).exists()]
    if taken:
        raise ConfigError(f"{', '.join(taken)}: exists and is not written over; name another folder, or give --force")


def write(folder: Path, files: Mapping[Path, str | Path]) -> None:
    """Raises StorageError with the file and the reason."""
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, path)
            else:
                path.write_text(content, encoding="utf-8")
        except (OSError, shutil.SameFileError) as error:
            raise StorageError(f"{path}: cannot be written: {error}") from error
