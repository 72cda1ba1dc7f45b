"""One writer of orders and Jobs, for the library and for the backend."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from backend.benchmarks.benchmarks import read_template
from ragmeter.clients.files import data_dir, read_yaml
from ragmeter.jobs.names import LABELS, NAME, RUN_LABEL, has_indexed_jobs, minor_version, run_name
from ragmeter.jobs.orders import Document, Terms, jobs_of, order_of, owner_of, root_of

ROOT = Path(__file__).parents[2]
TEMPLATE = read_yaml(data_dir("k8s") / "benchmark" / "run" / "job.yaml")
KUBERNETES = ("1.25", "1.31", kubernetes_validate.latest_version())
RUN, IMAGE = run_name("1"), "example/runner:1.0.0"
BY = owner_of("v1", "ConfigMap", {"metadata": {"name": RUN, "uid": "u"}})


def jobs(shards: int = 1, *, indexed: bool = True, **terms: Any) -> list[Document]:
    return jobs_of(TEMPLATE, RUN, Terms(image=IMAGE, shards=shards, indexed=indexed, **terms))


def suite_of(job: Document) -> Document:
    suite: Document
    (suite,) = job["spec"]["template"]["spec"]["containers"]
    return suite


def order_volume(job: Document) -> Document:
    (volume,) = (each for each in job["spec"]["template"]["spec"]["volumes"] if each["name"] == "order")
    found: Document = volume["configMap"]
    return found


def test_both_make_their_jobs_of_the_same_file() -> None:
    assert read_template() == TEMPLATE


def test_manifests_have_the_names_that_the_code_has() -> None:
    assert TEMPLATE["metadata"]["labels"].keys() >= {RUN_LABEL}
    assert TEMPLATE["spec"]["template"]["metadata"]["labels"].items() >= LABELS.items()
    assert TEMPLATE["spec"]["template"]["spec"]["serviceAccountName"] == NAME


@pytest.mark.parametrize(
    ("shards", "indexed", "names", "completions"),
    [
        (1, True, [RUN], None),
        (1, False, [RUN], None),
        (3, True, [RUN], 3),
        (3, False, [f"{RUN}-0", f"{RUN}-1", f"{RUN}-2"], None),
    ],
)
def test_shards_are_one_indexed_job_where_the_cluster_knows_them(
    shards: int, indexed: bool, names: list[str], completions: int | None
) -> None:
    made = jobs(shards, indexed=indexed)
    assert [job["metadata"]["name"] for job in made] == names
    assert [job["spec"].get("completions") for job in made] == [completions] * len(made)
    told = [[each["value"] for each in suite_of(job)["env"] if each["name"] == "JOB_COMPLETION_INDEX"] for job in made]
    assert told == ([["0"], ["1"], ["2"]] if len(names) == 3 else [[]])


@pytest.mark.parametrize("job", [*jobs(), *jobs(2, indexed=False)], ids=lambda job: job["metadata"]["name"])
def test_every_job_and_its_pods_are_of_the_run_and_read_its_order(job: Document) -> None:
    suite = suite_of(job)
    assert job["metadata"]["labels"] == {**LABELS, RUN_LABEL: RUN}
    assert job["spec"]["template"]["metadata"]["labels"] == {**LABELS, RUN_LABEL: RUN}
    assert (suite["image"], suite["envFrom"]) == (IMAGE, [{"configMapRef": {"name": RUN}}])
    assert {"name": "RAGMETER_ORDER", "value": RUN} in suite["env"]
    assert order_volume(job) == {"name": RUN}


def test_terms_that_are_not_given_are_those_of_the_template() -> None:
    (kept,), (given,) = jobs(), jobs(ttl_s=5, deadline_s=6)
    keys = ("ttlSecondsAfterFinished", "activeDeadlineSeconds")
    assert [kept["spec"][key] for key in keys] == [TEMPLATE["spec"][key] for key in keys]
    assert [given["spec"][key] for key in keys] == [5, 6]


def test_what_an_owner_owns_refers_to_it_and_nothing_else_does() -> None:
    order = order_of(RUN, {}, {}, by=BY)
    (job,) = jobs_of(TEMPLATE, RUN, Terms(image=IMAGE), by=BY)
    assert order["metadata"]["ownerReferences"] == job["metadata"]["ownerReferences"] == [BY]
    assert BY == {"apiVersion": "v1", "kind": "ConfigMap", "name": RUN, "uid": "u"}
    assert all("ownerReferences" not in made["metadata"] for made in (order_of(RUN, {}, {}), *jobs(2, indexed=False)))


def test_files_of_an_order_lie_where_their_path_says() -> None:
    files = {"provider/mine.yaml": "{}", "prompts.txt": "é"}
    order = order_of(RUN, {"A": "1"}, files)
    (job,) = jobs_of(TEMPLATE, RUN, Terms(image=IMAGE), files=files)
    placed = {item["path"]: base64.b64decode(order["binaryData"][item["key"]]) for item in order_volume(job)["items"]}
    assert placed == {path: text.encode() for path, text in files.items()}
    assert order["data"] == {"A": "1"}


@pytest.mark.parametrize("version", KUBERNETES)
def test_jobs_are_what_a_cluster_with_indexed_jobs_takes(version: str) -> None:
    """Strictly: a field that the version does not know is an error."""
    (whole,) = jobs_of(TEMPLATE, RUN, Terms(image=IMAGE, shards=3), files=["a/b"], by=BY)
    for document in (root_of(TEMPLATE, RUN, lasts_s=7), order_of(RUN, {"A": "1"}, {"a/b": "c"}, by=BY), whole):
        kubernetes_validate.validate(document, version, strict=True)
    misspelt = {**whole, "spec": {**whole["spec"], "completion_mode": "Indexed"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, version, strict=True)


def test_the_template_is_left_as_it_was() -> None:
    before = json.dumps(TEMPLATE)
    jobs_of(TEMPLATE, RUN, Terms(image=IMAGE, shards=2, indexed=False), files=["a"], by=BY)
    root_of(TEMPLATE, RUN, lasts_s=7)
    assert json.dumps(TEMPLATE) == before


def test_root_runs_nothing_and_lasts_so_long_and_is_no_benchmark_to_the_backend() -> None:
    root = root_of(TEMPLATE, RUN, lasts_s=7)
    assert (root["kind"], root["metadata"]) == ("Job", {"name": f"{RUN}-root"})
    assert (root["spec"]["completions"], root["spec"]["parallelism"]) == (0, 0)
    assert root["spec"]["ttlSecondsAfterFinished"] == 7


@pytest.mark.parametrize(("minor", "number", "known"), [("20", 20, False), ("23+", 23, False), ("24", 24, True)])
def test_a_cloud_marks_its_versions(minor: str, number: int, known: bool) -> None:
    assert minor_version({"minor": minor}) == number
    assert has_indexed_jobs(number) is known


def test_the_package_needs_nothing_but_the_standard_library() -> None:
    """The image of the backend has a copy of it, and of nothing else of ragmeter."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); before = set(sys.modules); "
        "import ragmeter.jobs.documents, ragmeter.jobs.orders; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    command = [sys.executable, "-I", "-S", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == ["ragmeter"]
