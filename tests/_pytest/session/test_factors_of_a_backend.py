"""`factors:` against the real backend: FAISS, its embedder and its search by words; the LLM is a fake that reads aloud.

Each question has four documents that answer it, so two passages hold half of them at most, and five can hold all.
"""

import json
from collections.abc import Iterator

import pytest

from ragmeter.core.codec import decode
from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.factors.document import FactorsFound
from tests._pytest.project import Project
from tests.backend.fake_llm import FakeLlm
from tests.backend.query.test_backend_answers_under_load import TOWERS, read_aloud
from tests.backend.running import Backend

FACTS = {
    "height": "The lighthouse of {name} is 42 metres tall.",
    "keeper": "The keeper of the lighthouse of {name} lives beside it.",
    "year": "The lighthouse of {name} was lit in 1871.",
    "colour": "The lighthouse of {name} is painted red and white.",
}


@pytest.fixture(scope="module")
def lighthouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    llm = FakeLlm()
    llm.script = read_aloud
    backend = Backend(data_dir=tmp_path_factory.mktemp("knobs"), llm_url=llm.url)
    try:
        backend.ingest({f"{name}-{kind}.md": fact.format(name=name) for name in TOWERS for kind, fact in FACTS.items()})
        yield backend
    finally:
        backend.close()
        llm.close()


def test_more_passages_find_more_and_it_is_told_what_they_cost(lighthouses: Backend, project: Project) -> None:
    lines = (
        {"prompt": f"What is known of the lighthouse of {name}?", "relevant": [f"{name}-{kind}.md" for kind in FACTS]}
        for name in TOWERS
    )
    (project.pytester.path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    project.provider(base_url=lighthouses.url)
    project.workload(
        prompts=None,
        prompts_file="questions.jsonl",
        benchmark={"requests": len(TOWERS), "trials": 3, "timeout": 60},
        factors={
            "vary": {"retrieval.k": [2, 5], "retrieval.mode": ["dense", "hybrid"]},
            "interactions": [["k", "mode"]],
        },
    )
    project.run().assert_outcomes(passed=4)
    (path,) = project.reports.glob("ns/mine/*.factors.json")
    found = decode(FactorsFound, json.loads(path.read_text(encoding="utf-8")), where=path.name)
    assert [cell.marked for cell in found.cells] == [None] * 4
    recalls = {cell.label: cell.estimates["recall_at_k"].value for cell in found.cells}
    assert all(value is not None and value <= 0.5 for label, value in recalls.items() if "k=2" in label), recalls
    of_recall = {at.effect: at for at in found.effects if at.metric == "recall_at_k"}
    wider = of_recall["k",]
    assert wider.decision is Decision.B_BETTER, wider.sentence
    assert wider.difference is not None
    assert wider.difference.value is not None
    assert 0.3 <= wider.difference.value <= 0.5
    assert wider.difference.n == len(TOWERS)
    times = [at for at in found.effects if at.metric == "ttft_ms" and at.effect == ("k",)]
    assert all(at.ratio is not None and at.ratio.low is not None for at in times)
    assert (found.frontier.quality, found.frontier.latency, found.frontier.cost) == (
        "recall_at_k",
        "p50(ttft_ms)",
        None,
    )
    assert any(cell.frontier for cell in found.cells)
