"""``--prices cost-config.yaml`` of every command that takes prices, and `ragmeter cost` on documents."""

import json
from pathlib import Path

import pytest

from ragmeter.cli import main
from tests.core.cost_configs import CONFIG, GOLDEN, result_of
from tests.saved import saved_run, write_raw

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("cost-config.yaml").write_text(CONFIG, encoding="utf-8")
    return "cost-config.yaml"


@pytest.mark.parametrize(("provider", "tokens", "seconds", "run_usd", "usd_per_1m"), GOLDEN)
@pytest.mark.parametrize("says_its_provider", [True, False])
def test_results_of_the_predecessor_are_priced_as_its_own_program_does(
    capsys: pytest.CaptureFixture[str],
    config: str,
    provider: str,
    tokens: int,
    seconds: float,
    run_usd: float,
    usd_per_1m: float,
    says_its_provider: bool,
) -> None:
    document = result_of(provider, tokens, seconds)
    if not says_its_provider:
        document["run_metadata"]["provider"] = None
    path = Path("benchmarks/ns", provider, "run.json")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    assert main(["cost", str(path), "--prices", config, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out).values()
    assert found["usd_per_1m_tokens"]["value"] == pytest.approx(usd_per_1m, abs=5e-7)
    assert found["usd_per_request"]["value"] * 500 == pytest.approx(run_usd, abs=5e-7)
    assert any("holds the warm-up" in words for words in found["warnings"])
    assert main(["cost", str(path)]) == 2
    assert "has no prices; name them with --prices" in capsys.readouterr().err


def test_each_run_is_priced_by_the_section_of_its_provider(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    here = Path()
    runs = [str(write_raw(here, saved_run(name, SIX, seed=n))) for n, name in enumerate(("akamai-lke", "aws-eks"))]
    assert main(["cost", *runs, "--prices", f"./{config}", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {label: at["usd_per_hour"] for label, at in found.items()} == {
        "akamai-lke": pytest.approx(0.592),
        "aws-eks": pytest.approx(0.988),
    }
    assert main(["compare", *runs, "--prices", config, "--json", "comparison.json"]) == 0
    sides = json.loads(Path("comparison.json").read_text())["sides"]
    assert [side["cost"]["usd_per_hour"] for side in sides] == [pytest.approx(0.592), pytest.approx(0.988)]
    assert main(["judge", runs[1], "--prices", config, "--json", "result.json"]) == 0
    result = json.loads(Path("result.json").read_text())
    assert result["cost"]["hourly_cluster_cost_usd"] == pytest.approx(0.988)
    assert result["cost_reference"] == config


@pytest.mark.parametrize("command", ["cost", "judge", "compare"])
def test_a_provider_without_a_section_is_told_the_sections(
    config: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    runs = [str(write_raw(Path(), saved_run(name, SIX))) for name in ("azure-aks", "other")]
    assert main([command, *runs[: 2 if command == "compare" else 1], "--prices", config]) == 2
    error = capsys.readouterr().err
    assert "no section 'azure-aks', which is the provider of the run; it has akamai-lke, aws-eks, gcp-gke" in error
    assert error.count("\n") == 1


def test_a_result_is_priced_without_its_requests(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    raw = str(write_raw(Path(), saved_run("aws-eks", SIX)))
    assert main(["render", raw, "--json", "result.json"]) == 0
    capsys.readouterr()
    found = {}
    for name, arguments in {
        "record": [raw],
        "document": ["result.json"],
        "other": ["result.json", "--prices", config],
        "other record": [raw, "--prices", config],
    }.items():
        assert main(["cost", *arguments, "--demand", "1000000", "--api", "openai-gpt-4.1-mini", "--json"]) == 0
        (found[name],) = json.loads(capsys.readouterr().out).values()
    assert found["document"] == found["record"]
    assert found["other"]["usd_per_hour"] == found["other record"]["usd_per_hour"] == pytest.approx(0.988)
    bytes_usd = 6 * 40 * 2000 / 1e9 * 0.09 / (6 * 40)
    by_the_byte = found["other record"]["usd_per_request"]["value"] - found["other"]["usd_per_request"]["value"]
    assert by_the_byte == pytest.approx(bytes_usd)
    assert any("egress: needs the raw record" in words for words in found["other"]["warnings"])
    assert main(["cost", "result.json", "--offer", "spot"]) == 2
    assert "has its prices and not the sheet of them; name one with --prices" in capsys.readouterr().err


def test_a_cost_config_is_validated_section_by_section(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", config]) == 0
    assert capsys.readouterr().out == f"{config}: a valid cost config of akamai-lke, aws-eks, gcp-gke\n"
    Path(config).write_text(CONFIG.replace("gpu_node_usd_per_hr: 0.8536", "gpu_node_usd: 1"), encoding="utf-8")
    assert main(["validate", config]) == 2
    assert "$.providers.gcp-gke: $.gpu_node_usd: unknown key" in capsys.readouterr().err
