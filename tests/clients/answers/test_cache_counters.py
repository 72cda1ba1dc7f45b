"""Counters of a prompt cache on a metrics page: three servers' names, and what is none."""

from pathlib import Path

import pytest

from ragmeter.clients.answers.cache_counters import cache_counts_in
from ragmeter.core.requests.cache_counts import CacheCounts

EXPOSITIONS = Path(__file__).parents[2] / "grafana" / "expositions"
SGLANG = """# HELP sglang:prompt_tokens_total Number of prefill tokens processed.
# TYPE sglang:prompt_tokens_total counter
sglang:prompt_tokens_total{model_name="m"} 1000.0
# HELP sglang:cached_tokens_total Number of cached prompt tokens.
# TYPE sglang:cached_tokens_total counter
sglang:cached_tokens_total{model_name="m"} 250.0
"""
LLAMA = """# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed.
# TYPE llamacpp:prompt_tokens_total counter
llamacpp:prompt_tokens_total 800
# HELP llamacpp:prompt_tokens_cached_total Number of prompt tokens reused.
# TYPE llamacpp:prompt_tokens_cached_total counter
llamacpp:prompt_tokens_cached_total 200
"""
TWO_ENGINES = """# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="a"} 100.0
vllm:prefix_cache_queries_total{engine="1",model_name="a"} 200.0
vllm:prefix_cache_queries_total{engine="0",model_name="b"} 1000.0
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="a"} 10.0
vllm:prefix_cache_hits_total{engine="1",model_name="a"} 20.0
vllm:prefix_cache_hits_total{engine="0",model_name="b"} 500.0
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="128"} 1.0
"""


MADE = "# TYPE llamacpp:tokens_predicted_total counter\nllamacpp:tokens_predicted_total 70\n"


def counts(
    source: str, asked: float, hit: float, block: int | None = None, *, made: float | None = None
) -> CacheCounts:
    return CacheCounts(source=source, asked_tokens=asked, hit_tokens=hit, block_tokens=block, made_tokens=made)


@pytest.mark.parametrize(
    ("page", "model_id", "found"),
    [
        (SGLANG, "m", counts("SGLang", 1000, 250)),
        (LLAMA, None, counts("llama.cpp", 1000, 200)),
        (LLAMA + MADE, None, counts("llama.cpp", 1000, 200, made=70)),
        (LLAMA + MADE.replace(" 70", " NaN"), None, counts("llama.cpp", 1000, 200)),
        (TWO_ENGINES, "a", counts("vLLM", 300, 30, 128)),
        (TWO_ENGINES, None, counts("vLLM", 1300, 530, 128)),
        (TWO_ENGINES, "c", counts("vLLM", 1300, 530, 128)),
        (TWO_ENGINES.replace('"128"', '"None"'), "a", counts("vLLM", 300, 30)),
        (LLAMA.replace("200\n", "NaN\n"), None, None),
        (LLAMA.replace("200\n", "-1\n"), None, None),
        (LLAMA.replace("llamacpp:prompt_tokens_cached_total 200\n", ""), None, None),
        ("", None, None),
        ("<html>not found</html>", None, None),
        ('{"detail": "Not Found"}', None, None),
    ],
)
def test_counters_of_each_server(page: str, model_id: str | None, found: CacheCounts | None) -> None:
    assert cache_counts_in(page, model_id=model_id) == found


@pytest.mark.parametrize("name", ["vllm.txt", "vllm-old-names.txt"])
def test_pages_of_a_real_vllm(name: str) -> None:
    found = cache_counts_in((EXPOSITIONS / name).read_text(encoding="utf-8"))
    assert found is not None
    assert found.source == "vLLM"
    assert 0 < found.hit_tokens < found.asked_tokens
