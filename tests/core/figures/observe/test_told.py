"""What each kind of server tells, under the names of its versions, and what is no metrics page."""

import pytest

from ragmeter.clients.observe.page import NoMetrics, samples_of
from ragmeter.core.figures.observe.families import FAMILIES
from ragmeter.core.figures.observe.quantities import QUANTITIES
from ragmeter.core.figures.observe.told import Told, cache_counts_of, told_in
from ragmeter.core.requests.cache_counts import CacheCounts
from tests.core.figures.observe import pages
from tests.core.figures.observe.pages import LLAMA, LLAMA_GAUGES, LLAMA_MADE, SGLANG, TWO_ENGINES, recorded


def told(page: str, model_id: str | None = None, *, buckets: bool = True) -> Told:
    found = told_in(samples_of(page, buckets=buckets), model_id=model_id)
    assert found is not None
    return found


def counts(
    source: str, asked: float, hit: float, block: int | None = None, *, made: float | None = None
) -> CacheCounts:
    return CacheCounts(source=source, asked_tokens=asked, hit_tokens=hit, block_tokens=block, made_tokens=made)


RECORDED = {
    "llm_running": 1.0,
    "llm_waiting": 0.0,
    "kv_cache_usage_ratio": 0.008264462809917328,
    "prompt_tokens": 17144.0,
    "generation_tokens": 1523.0,
    "prefix_asked_tokens": 17144.0,
    "prefix_hit_tokens": 9216.0,
    "preemptions": 0.0,
}
BEFORE = {
    "llm_running": 6.0,
    "llm_waiting": 2.0,
    "kv_cache_usage_ratio": 0.37,
    "prompt_tokens": 19200.0,
    "generation_tokens": 5600.0,
    "prefix_asked_tokens": 19200.0,
    "prefix_hit_tokens": 6800.0,
    "preemptions": 1.0,
}


@pytest.mark.parametrize(
    ("page", "family", "values"),
    [
        (recorded("vllm.txt"), "vLLM", RECORDED),
        (recorded("vllm-old-names.txt"), "vLLM", BEFORE),
        (
            SGLANG,
            "SGLang",
            {
                "llm_running": 3.0,
                "llm_waiting": 2.0,
                "kv_cache_usage_ratio": 0.28,
                "preemptions": 4.0,
                "prompt_tokens": 1000.0,
                "generation_tokens": 90.0,
            },
        ),
        (
            pages.TGI,
            "TGI",
            {"llm_running": 5.0, "llm_waiting": 7.0, "prompt_tokens": 300.0, "generation_tokens": 80.0},
        ),
        (LLAMA + LLAMA_GAUGES, "llama.cpp", {"llm_running": 2.0, "llm_waiting": 6.0, "prompt_tokens": 1000.0}),
        (pages.TRITON, "Triton", {"llm_running": 8.0, "llm_waiting": 4.0, "kv_cache_usage_ratio": 0.4}),
        (
            pages.TRTLLM_SERVE,
            "trtllm-serve",
            {"llm_running": 1.0, "llm_waiting": 0.0, "kv_cache_usage_ratio": 0.62},
        ),
        ("rag_inflight_requests 3.0\nprocess_start_time_seconds 5\n", "RAG backend", {"service_running": 3.0}),
        (TWO_ENGINES, "vLLM", {"llm_running": 7.0, "kv_cache_usage_ratio": 0.6}),
    ],
    ids=["vLLM", "vLLM, old names", "SGLang", "TGI", "llama.cpp", "Triton", "trtllm-serve", "backend", "two engines"],
)
def test_each_server_in_its_own_names(page: str, family: str, values: dict[str, float]) -> None:
    found = told(page)
    assert found.family == family
    assert {name: found.values.get(name) for name in values} == pytest.approx(values)


@pytest.mark.parametrize("name", ["vllm.txt", "vllm-old-names.txt"])
def test_histograms_of_vllm_are_read_with_their_buckets(name: str) -> None:
    found = told(recorded(name)).histograms
    assert {"llm_queue_ms", "llm_prefill_ms", "llm_decode_ms"} <= found.keys()
    queue = found["llm_queue_ms"]
    assert queue.count > 0
    assert queue.counts[0][0] == pytest.approx(300.0), "its lowest bound is 0.3 s"
    assert queue.counts[-1] == (float("inf"), queue.count)
    assert 0 < queue.total < queue.count * 1000
    assert told(recorded(name), buckets=False).histograms["llm_queue_ms"].counts == ()


def test_histograms_of_others() -> None:
    sglang, tgi = told(SGLANG).histograms["llm_queue_ms"], told(pages.TGI).histograms["llm_queue_ms"]
    assert (sglang.total, sglang.count, sglang.counts) == (1500.0, 10.0, ((100.0, 8.0), (float("inf"), 10.0)))
    assert (tgi.total, tgi.count, tgi.counts[0]) == (200.0, 4.0, (1.0, 1.0))


@pytest.mark.parametrize(
    ("page", "total_ms", "count"),
    [
        (recorded("vllm.txt"), 24291.66579246521, 66),
        (recorded("vllm-old-names.txt"), 7200, 40),
        (SGLANG, 4000, 10),
        (pages.TRTLLM_SERVE, 3000, 4),
    ],
    ids=["vLLM", "vLLM, old names", "SGLang", "trtllm-serve"],
)
def test_the_first_token_by_the_clock_of_the_server(page: str, total_ms: float, count: int) -> None:
    found = told(page).histograms["llm_ttft_ms"]
    assert found.total == pytest.approx(total_ms)
    assert found.count == count


def test_every_row_is_of_a_quantity_that_is_defined() -> None:
    for family in FAMILIES:
        assert family.rows.keys() <= QUANTITIES.keys()
        assert all(alternative for row in family.rows.values() for alternative in row)
    assert {name for family in FAMILIES for name in family.rows} == QUANTITIES.keys()


@pytest.mark.parametrize(
    ("page", "model_id", "found"),
    [
        (SGLANG, "m", counts("SGLang", 1000, 250, made=90)),
        (LLAMA, None, counts("llama.cpp", 1000, 200)),
        (LLAMA + LLAMA_MADE, None, counts("llama.cpp", 1000, 200, made=70)),
        (LLAMA + LLAMA_MADE.replace(" 70", " NaN"), None, counts("llama.cpp", 1000, 200)),
        (TWO_ENGINES, "a", counts("vLLM", 300, 30, 128)),
        (TWO_ENGINES, None, counts("vLLM", 1300, 530, 128)),
        (TWO_ENGINES, "c", counts("vLLM", 1300, 530, 128)),
        (TWO_ENGINES.replace('"128"', '"None"'), "a", counts("vLLM", 300, 30)),
        (LLAMA.replace("200\n", "NaN\n"), None, None),
        (LLAMA.replace("200\n", "-1\n"), None, None),
        (LLAMA.replace("llamacpp:prompt_tokens_cached_total 200\n", ""), None, None),
        (recorded("vllm.txt"), None, counts("vLLM", 17144, 9216, 128, made=1523)),
        (recorded("vllm-old-names.txt"), None, counts("vLLM", 19200, 6800, made=5600)),
        ("", None, None),
        ("<html>not found</html>", None, None),
        ('{"detail": "Not Found"}', None, None),
    ],
)
def test_counters_of_the_cache_of_prompts(page: str, model_id: str | None, found: CacheCounts | None) -> None:
    assert cache_counts_of(told_in(samples_of(page, buckets=False), model_id=model_id)) == found


def test_a_page_that_is_damaged_where_it_matters_says_so() -> None:
    with pytest.raises(NoMetrics, match="not Prometheus text"):
        samples_of("vllm:num_requests_running{ broken", buckets=True)
    assert samples_of("others{ broken\nllamacpp:requests_processing 2\n", buckets=True)[0].value == 2.0


def test_a_page_of_a_process_alone_is_of_no_server() -> None:
    assert told_in(samples_of("process_start_time_seconds 5\n", buckets=True)) is None
