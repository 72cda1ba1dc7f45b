"""Recording and alerting rules, by Prometheus' and Alertmanager's own tools, and against the backend's own lists."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.errors import ServiceError
from backend.telemetry.metrics import Metrics
from grafana.config import BURN_RATES, BURN_WINDOWS, CLIENT_FAULTS, SLOS, BurnRate, LatencySlo, Slo
from tests.grafana.boards import GRAFANA
from tests.programs import program

RULES = sorted((GRAFANA / "rules").glob("*.yaml"))
ROUTES = GRAFANA / "alertmanager" / "alertmanager.yaml"
UNIT_TESTS = sorted(Path(__file__).parent.glob("*_test.yaml"))


def told(*command: str) -> str:
    """What the command prints. AssertionError, with all it said, if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((GRAFANA / "rules" / "alerts.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_rules_do_what_their_unit_tests_say() -> None:
    said = told(program("promtool"), "test", "rules", *map(str, UNIT_TESTS))
    assert said.count("SUCCESS") == len(UNIT_TESTS) == 2


def test_promtool_accepts_the_rules() -> None:
    assert "FAILED" not in told(program("promtool"), "check", "rules", *map(str, RULES))


def test_every_kind_of_alert_has_a_unit_test_in_which_it_fires() -> None:
    tests = [test for path in UNIT_TESTS for test in yaml.safe_load(path.read_text("utf-8"))["tests"]]
    fired = {at["alertname"] for test in tests for at in test["alert_rule_test"] if at["exp_alerts"]}
    kinds = {_kind(rule["alert"]) for rule in alerts()}
    assert {_kind(name) for name in fired} == kinds


def _kind(alert: str) -> str:
    """An alert without the window it looks at."""
    return "_".join(alert.split("_")[:2])


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_reaches_the_receiver_of_its_severity(rule: dict[str, Any]) -> None:
    labels = [f"{name}={value}" for name, value in rule["labels"].items()]
    routed = told(program("amtool"), "config", "routes", "test", f"--config.file={ROUTES}", *labels)
    assert routed.split() == [{"page": "pager", "ticket": "tickets"}[rule["labels"]["severity"]]]


def test_amtool_accepts_the_routes_and_no_receiver_has_its_secret_in_the_file() -> None:
    told(program("amtool"), "check-config", str(ROUTES))
    receivers = yaml.safe_load(ROUTES.read_text("utf-8"))["receivers"]
    settings = [
        setting for receiver in receivers for kind in receiver.values() if isinstance(kind, list) for setting in kind
    ]
    assert settings
    assert all(not {"routing_key", "api_url", "url", "password"} & set(setting) for setting in settings)


@pytest.mark.parametrize("slo", [slo for slo in SLOS if isinstance(slo, LatencySlo)], ids=lambda slo: slo.name)
def test_the_bound_of_a_latency_slo_is_a_bucket_bound_of_the_backend(slo: LatencySlo) -> None:
    page = Metrics(version="1", model_id="m", provider="p").render().decode()
    assert f'{slo.histogram}_bucket{{le="{slo.bound_s}"}} ' in page


@pytest.mark.parametrize("burn", BURN_RATES, ids=lambda burn: burn.long)
@pytest.mark.parametrize("slo", SLOS, ids=lambda slo: slo.name)
def test_a_burn_alert_can_fire_at_all(slo: Slo, burn: BurnRate) -> None:
    assert burn.factor * slo.budget_ratio < 1
    assert {burn.long, burn.short} <= set(BURN_WINDOWS)


def test_faults_of_the_client_are_types_the_backend_has_and_its_own_are_not_among_them() -> None:
    kinds = _kinds(ServiceError)
    of_the_service = {kind.type for kind in kinds if kind.status >= 500}
    assert set(CLIENT_FAULTS) - {"client_gone"} == {kind.type for kind in kinds} - of_the_service


def _kinds(error: type[ServiceError]) -> set[type[ServiceError]]:
    return {error}.union(*(_kinds(kind) for kind in error.__subclasses__()))
