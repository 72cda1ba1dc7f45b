"""A service that speaks none of the built-in targets, for real: llama.cpp's server in its other dialects."""

import re
from pathlib import Path

import pytest
import yaml

from ragmeter.core.requests.measures import tpot_ms, ttft_ms
from ragmeter.core.requests.records import TokenSource
from ragmeter.run.load.single import ask
from ragmeter.run.plan.catalog import load_provider, load_workload
from ragmeter.run.plan.target import reach

PAGE = Path(__file__).parents[3] / "docs" / "howto-any-rag.md"
PROMPT = "Count from one to nine:"
WORKLOAD = {
    "schema": "workload.v1",
    "name": "w",
    "benchmark": {"requests": 1, "concurrency": 1, "max_output_tokens": 8, "timeout": 110},
    "model": {"model_id": "any"},
    "prompts": [PROMPT],
}


def measured(folder: Path, target: object, url: str) -> None:
    """Ask one question, and check what is known of any answer of this service."""
    (folder / "p.yaml").write_text(yaml.safe_dump({"name": "p", "base_url": url, "target": target}))
    (folder / "w.yaml").write_text(yaml.safe_dump(WORKLOAD))
    provider = load_provider(str(folder / "p.yaml"), environment={})
    workload = load_workload(str(folder / "w.yaml"), (), provider)
    reach(provider, workload)
    sample = ask(provider, workload)
    assert sample.ok, sample.error_message
    assert (sample.output_tokens, sample.token_source) == (8, TokenSource.USAGE)
    assert sample.prompt_tokens
    assert ttft_ms(sample)
    assert tpot_ms(sample)


@pytest.mark.parametrize("name", ["openai-chat", "openai-completions", "openai-responses", "anthropic", "llama-cpp"])
def test_presets(tmp_path: Path, real_llm: str, name: str) -> None:
    measured(tmp_path, {"preset": name, "body": {"temperature": 0}}, real_llm)


def test_the_ten_lines_of_the_page(tmp_path: Path, real_llm: str) -> None:
    (lines,) = re.findall(r"```yaml\n(schema: provider\.v1\nname: mine\n.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(lines.splitlines()) == 10
    measured(tmp_path, yaml.safe_load(lines)["target"], real_llm)
