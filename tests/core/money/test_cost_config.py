"""The predecessor's cost-config.yaml as price sheets."""

from datetime import date
from typing import Any

import pytest
import yaml

from ragmeter.clients.files import schema
from ragmeter.core.compare.importers.demo import documented_demo
from ragmeter.core.errors import ConfigError
from ragmeter.core.money.cost import cost_of, price_sheet_from
from ragmeter.core.money.cost_config import is_cost_config, sheet_of
from tests.core.cost_configs import CONFIG, GOLDEN, result_of

DOCUMENT = yaml.safe_load(CONFIG)


def sheet(provider: str, document: Any = DOCUMENT) -> dict[str, Any]:
    return sheet_of(document, provider, schema=schema("provider.v1"), where="cost-config.yaml")


@pytest.mark.parametrize(("provider", "tokens", "seconds", "run_usd", "usd_per_1m"), GOLDEN)
def test_a_run_costs_what_the_predecessor_computed(
    provider: str, tokens: int, seconds: float, run_usd: float, usd_per_1m: float
) -> None:
    figures = documented_demo(result_of(provider, tokens, seconds))
    cost = cost_of(
        price_sheet_from(sheet(provider)),
        figures.phase,
        good=None,
        good_tokens=None,
        received_bytes=None,
        today=date(2026, 2, 1),
    )
    assert cost.benchmark_run_cost_usd == pytest.approx(run_usd, abs=5e-7)
    assert cost.usd_per_1m_tokens == pytest.approx(usd_per_1m, abs=5e-7)
    assert cost.source == "cost-config.yaml"


def test_what_the_file_leaves_out_is_what_its_own_program_takes() -> None:
    bare = {"providers": {"mine": {"as_of": "2026-01-01", "gpu_node_usd_per_hr": 1.0, "cpu_node_usd_per_hr": 0.1}}}
    made = sheet("mine", bare)
    assert (made["gpu_node_count"], made["cpu_node_count"], made["cluster_mgmt_usd_per_hr"]) == (1, 2, 0)
    counted = sheet("mine", {**bare, "benchmark_context": {"duration_seconds": None, "gpu_node_count": 4}})
    assert (counted["gpu_node_count"], counted["cpu_node_count"]) == (4, 2)


SECTION = {"as_of": "2026-01-01", "gpu_node_usd_per_hr": 1.0}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            DOCUMENT,
            r"\$.providers: no section 'mine', which is the provider of the run; it has akamai-lke, aws-",
        ),
        ({"providers": {}}, r"\$.providers: no section 'mine'.*; it has none"),
        ({"providers": ["mine"]}, r"\$.providers: no section 'mine'.*; it has none"),
        ({"providers": {"mine": 5}}, r"\$.providers.mine: is no mapping"),
        ({"providers": {"mine": SECTION}, "benchmark_context": 3}, r"\$.benchmark_context: is no mapping"),
        ({"providers": {"mine": {}}}, r"\$.providers.mine: \$: 'as_of' is missing"),
        ({"providers": {"mine": {**SECTION, "gpu_usd": 1}}}, r"\$.providers.mine: \$.gpu_usd: unknown key"),
        (
            {"providers": {"mine": {**SECTION, "gpu_node_usd_per_hr": -1}}},
            r"\$.providers.mine: \$.gpu_node_usd_per_hr: -1 is not >= 0",
        ),
    ],
)
def test_what_cannot_be_a_price_sheet_is_one_sentence(document: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^cost-config.yaml: {words}"):
        sheet("mine", document)


@pytest.mark.parametrize("document", [None, [], {"cost": {}}, {"name": "x"}])
def test_another_file_is_no_cost_config(document: Any) -> None:
    assert not is_cost_config(document)
