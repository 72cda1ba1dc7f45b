"""Containerfiles: what they pin, who they run as, and that the lock files hold what the code asks for."""

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePath

import pytest

from backend.retrieval.embedder import MODEL_FILE, TOKENIZER_FILE
from tests.k8s.manifests import K8S, ROOT, benchmark, netprobe, overlay, workload

IMAGES = K8S / "images"
SEED = IMAGES / "backend" / "seed_docset.py"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTAINERFILES = sorted(IMAGES.glob("*/Containerfile"))
PROBE = IMAGES / "netprobe" / "Containerfile"
"""Takes nothing from a package index; iperf3 is that of its base's distribution."""


def names(lines: list[str]) -> set[str]:
    """The distributions that requirements begin with, without extras and versions."""
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in lines)
    return {match[0].lower().replace("_", "-") for match in found if match}


def lock(path: str) -> list[str]:
    return (IMAGES / path).read_text(encoding="utf-8").splitlines()


def test_there_is_an_image_of_the_backend_one_of_the_probe_and_one_of_the_runner() -> None:
    assert [path.parent.name for path in CONTAINERFILES] == ["backend", "netprobe", "runner"]


@pytest.mark.parametrize("path", CONTAINERFILES, ids=lambda path: path.parent.name)
def test_an_image_has_a_pinned_base_of_the_builders_choice_and_a_numeric_user(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^ARG BASE=python:\d+\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}
    final = text.rpartition("FROM ")[2]
    user = re.search(r"^USER (\d+):\d+$", final, re.MULTILINE)
    assert user is not None
    assert "RUN" not in final or path == PROBE, "what is built is built in the stage before"
    pods = {
        "backend": workload(overlay("kind"), "rag-backend"),
        "netprobe": workload(netprobe("job"), "netprobe-client"),
        "runner": workload(benchmark("run"), "rag-benchmark"),
    }
    assert pods[path.parent.name].spec["securityContext"]["runAsUser"] == int(user[1])


@pytest.mark.parametrize("path", [path for path in CONTAINERFILES if path != PROBE], ids=lambda path: path.parent.name)
def test_every_install_checks_hashes_or_takes_what_was_built_here(path: Path) -> None:
    installs = re.findall(r"pip --python \S+ install (.+)", path.read_text(encoding="utf-8"))
    assert installs
    assert all("--require-hashes" in install or "--no-index" in install for install in installs), installs


@pytest.mark.parametrize("path", CONTAINERFILES, ids=lambda path: path.parent.name)
def test_every_file_that_is_copied_exists(path: Path) -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_what_the_image_of_the_backend_copies_is_all_that_the_service_imports(tmp_path: Path) -> None:
    text = (IMAGES / "backend" / "Containerfile").read_text(encoding="utf-8")
    for source, target in re.findall(r"^COPY (\S+) /app/(\S*)$", text, re.MULTILINE):
        place = tmp_path / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)
    program = (
        "import backend.http.server, backend.benchmarks.kube, backend.benchmarks.runs, seed_docset, ragmeter; "
        "from backend.benchmarks.benchmarks import read_template; "
        "print(ragmeter.__file__, read_template()['kind'])"
    )
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.split() == [str(tmp_path / "ragmeter" / "__init__.py"), "Job"], ended.stderr


def test_the_runner_copies_all_that_its_wheel_is_made_of() -> None:
    text = (IMAGES / "runner" / "Containerfile").read_text(encoding="utf-8")
    copied = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()
    }
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    needed = [*wheel["packages"], *wheel["force-include"]]
    assert [path for path in needed if not copied & {path, *map(str, PurePath(path).parents)}] == []


@pytest.mark.parametrize("path", ["backend/requirements.txt", "runner/requirements.txt", "runner/build.txt"])
def test_every_requirement_of_a_lock_file_has_one_version_and_a_hash(path: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", "\n".join(lock(path)))
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    assert names(PROJECT["optional-dependencies"]["backend"]) <= names(lock("backend/requirements.txt"))
    assert names(PROJECT["dependencies"]) <= names(lock("runner/requirements.txt"))


def test_the_lock_of_the_backend_holds_every_package_that_it_imports() -> None:
    distributions = {
        "bs4": "beautifulsoup4",
        "docx": "python-docx",
        "faiss": "faiss-cpu",
        "prometheus_client": "prometheus-client",
        "psycopg_pool": "psycopg-pool",
        "pydantic_core": "pydantic-core",
        "yaml": "pyyaml",
    }
    imported = {
        found
        for path in (ROOT / "backend").rglob("*.py")
        for found in re.findall(r"^(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    outside = imported - set(sys.stdlib_module_names) - {"ragmeter"}  # the image has a copy of what it needs of it
    assert {distributions.get(name, name) for name in outside} <= names(lock("backend/requirements.txt"))


def test_of_the_model_files_the_image_takes_those_of_the_embedder() -> None:
    (pattern,) = re.findall(
        r"grep '\^(\w+)' models\.txt", (IMAGES / "backend" / "Containerfile").read_text(encoding="utf-8")
    )
    lines = (ROOT / "requirements" / "models.txt").read_text(encoding="utf-8").splitlines()
    taken = names([line for line in lines if line.startswith(pattern)])
    assert taken == names([MODEL_FILE.package, TOKENIZER_FILE.package])


def seed(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PYTHONPATH": str(ROOT),
        "RAG_DATA_DIR": str(data),
        "RAG_EMBED_THREADS": "1",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, str(SEED), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment, cwd=ROOT)


def test_a_seeded_docset_is_the_one_that_the_backend_loads(tmp_path: Path) -> None:
    """With the real embedder; a second start finds nothing to do, and files of other kinds are left alone."""
    from backend.retrieval.embedder import Embedder
    from backend.retrieval.opening import open_store, recipe_of
    from backend.settings import Settings

    documents = tmp_path / "documents"
    (documents / "deep").mkdir(parents=True)
    (documents / "deep" / "page.md").write_text("# Drain\n\nA pod that is stopped drains for two minutes.\n")
    (documents / "picture.png").write_bytes(b"\x89PNG")
    first, second = seed(documents, tmp_path / "data"), seed(documents, tmp_path / "data")
    assert (first.returncode, first.stdout) == (0, "docset default: 1 documents, 1 chunks\n"), first.stderr
    assert (second.returncode, second.stdout) == (0, first.stdout)

    settings = Settings.from_environ({"RAG_DATA_DIR": str(tmp_path / "data")})
    store = open_store(settings, recipe_of(settings, Embedder(settings.embedding_model_id, threads=1)))
    try:
        assert [document.name for document in store.documents("default")] == ["deep/page.md"]
        assert [docset.generation for docset in store.docsets()] == [1]
    finally:
        store.close()


@pytest.mark.parametrize("content", [None, b"\xff\xfe broken"])
def test_a_docset_that_cannot_be_read_stops_the_pod(content: bytes | None, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    if content is not None:
        (documents / "page.md").write_bytes(content)
    done = seed(documents, tmp_path / "data")
    assert done.returncode == 1
    assert "no document" in done.stderr if content is None else "page.md: not UTF-8" in done.stderr


def test_the_script_of_the_ground_truth_model_imports() -> None:
    """Its server is of the library; that it serves is shown by the test of a real cluster."""
    path = K8S / "components" / "ground-truth-llm" / "serve.py"
    modules = re.findall(r"^from (ragmeter\S*) import (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert modules
    for module, imported in modules:
        found = importlib.import_module(module)
        assert all(hasattr(found, name) for name in imported.split(", "))
