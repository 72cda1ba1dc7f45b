"""What was measured with what: the client's fitness, settings, metadata and formulas."""

import json
from typing import Any, Final

from ragmeter.core.client.harness import Harness
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.metadata import declared_fields
from ragmeter.report.html.layout import callout, code, folded, pairs, section, stacked, table
from ragmeter.report.words.calibration import floors, load
from ragmeter.report.words.format import UNKNOWN, count, number, percent, quantity, shown
from ragmeter.report.words.markup import Html, element

_PRIORITIES: Final = {True: "real-time", False: "normal", None: UNKNOWN}


def harness(result: RunResult) -> Html:
    at = result.harness
    return section(
        "The measuring client",
        callout("The measurement is not valid", at.reasons, kind="invalid"),
        pairs(
            (
                ("Clock", at.clock),
                ("Exact arrival times", quantity(at.exact_stamp_ratio, "ratio")),
                ("Widest interval of the others", quantity(at.stamp_width_max_ms, "ms")),
                ("TTFT too long by at most, p99", quantity(at.ttft_width_p99_ms, "ms")),
                ("ITL off by at most, p99", quantity(at.itl_width_p99_ms, "ms")),
                ("Least round trip of the connections, mean", quantity(at.rtt_mean_ms, "ms")),
                ("Retransmits", UNKNOWN if at.retransmits is None else count(at.retransmits)),
                ("Priority of the client", _PRIORITIES[at.real_time]),
                ("Client CPU", quantity(at.client_cpu_ratio, "ratio")),
                ("Schedule lag, p99", quantity(at.schedule_lag_p99_ms, "ms")),
                ("Offered rate", _offered(at)),
                ("Achieved rate", _achieved(at)),
                ("Peak concurrency", count(at.peak_concurrency)),
                *_calibration(at),
                (
                    "Mean concurrent streams",
                    UNKNOWN if at.effective_decode_concurrency is None else number(at.effective_decode_concurrency),
                ),
            )
        ),
        lead=None if at.reasons else "The load generator reached none of its limits.",
    )


def _calibration(at: Harness) -> list[tuple[str, str]]:
    if at.calibration is None:
        return [("Client measurement error", "not calibrated")]
    errors = [(f"Client measurement error, {name}", words) for name, words in floors(at.calibration).items()]
    return [*errors, ("Calibrated with", load(at.calibration))]


def _offered(at: Harness) -> str:
    return "closed loop: none" if at.offered_rate_per_s is None else quantity(at.offered_rate_per_s, "/s")


def _achieved(at: Harness) -> str:
    if at.achieved_rate_per_s is None or not at.offered_rate_per_s:
        return quantity(at.achieved_rate_per_s, "/s")
    off = at.achieved_rate_per_s / at.offered_rate_per_s - 1
    return f"{quantity(at.achieved_rate_per_s, '/s')} ({'+' if off > 0 else '-' if off < 0 else ''}{percent(abs(off))})"


def overrides(result: RunResult) -> Html | None:
    if not result.overrides:
        return None
    rows = (
        (code(at.key), "not set" if at.manifest is None else shown(at.manifest), shown(at.used), at.origin)
        for at in result.overrides
    )
    head = ("Key", "Manifest", "Used", "Set by")
    return section(
        "Values that replaced the manifest's",
        table("Overrides of the manifest", head, rows, hide_caption=True, kind="wide"),
    )


def metadata(result: RunResult) -> Html:
    typed = declared_fields(result.metadata_origins)
    rows = (
        (code(key), _known(value, declared=key in typed), _origin(result, key, value))
        for key, value in result.run_metadata.items()
    )
    return folded(
        "Metadata",
        table("What ran, and who said so", ("Field", "Value", "Origin"), rows, kind="wide"),
        pairs(_references(result)),
    )


def _known(value: Any, *, declared: bool) -> Html:
    """A value that somebody typed and nobody observed is marked."""
    return stacked(shown(value), "declared") if declared else _shown(value)


def _shown(value: Any) -> Html:
    return element("span", shown(value), class_="missing" if value is None else None)


def _origin(result: RunResult, key: str, value: Any) -> str:
    return result.metadata_origins.get(key) or (UNKNOWN if value is None else "not recorded")


def _references(result: RunResult) -> tuple[tuple[str, str], ...]:
    return (
        ("Run", result.run_id),
        ("ragmeter", result.ragmeter_version),
        ("Workload manifest", result.workload_manifest_path),
        ("Hash of the manifest", result.workload_manifest_hash),
        ("Raw samples", result.raw_samples_path or "not kept"),
        ("Price sheet", result.cost_reference or "none"),
        ("Network probe", result.netprobe_reference or "none"),
    )


def manifest(result: RunResult) -> Html:
    written = json.dumps(result.workload, indent=2, ensure_ascii=False, default=str)
    box = element("pre", written, tabindex=0, role="region", aria_label="Workload manifest as run")
    return folded("Workload as run, after overrides", box)


def formulas(result: RunResult) -> Html:
    rows = ((code(name), formula) for name, formula in result.formulas.items())
    return folded(
        f"Definitions, version {result.definitions_version}",
        table("How each figure is computed", ("Metric", "Formula"), rows, kind="wide"),
    )
