"""Results of the latest run of each workload, from ``--bench-pushgateway`` or ``ragmeter render --prometheus``."""

from grafana.queries.promql import select


def outcome() -> str:
    return f"{select('ragmeter_run_outcome')} == 1"


def began_ms() -> str:
    return f"{select('ragmeter_run_started_timestamp_seconds')} * 1000"


def ended_ms() -> str:
    """With the run, its outcome and the link to its report as labels; the variable ``reports`` is where they are."""
    told = f"on (provider, workload) group_left (run, outcome, report) {select('ragmeter_run_info')}"
    ended = f"{select('ragmeter_run_ended_timestamp_seconds')} * 1000 * {told}"
    return f'label_join(label_replace({ended}, "base", "$reports", "", ""), "link", "/", "base", "report")'


def verdicts() -> str:
    """Without the outcomes that none has: three providers would make fifteen rows."""
    return f"{select('ragmeter_slo_verdicts')} > 0"


def requests() -> str:
    return select("ragmeter_requests")


def duration() -> str:
    return select("ragmeter_duration_seconds")


def latency(metric: str, statistic: str, end: str = "") -> str:
    """metric: ttft, tpot, itl or e2e; end: low or high end of the confidence interval, nothing for the estimate."""
    name = "_".join(filter(None, ("ragmeter", metric, end, "seconds")))
    return select(name, f'statistic="{statistic}"')


def output_tokens_per_s() -> str:
    return select("ragmeter_output_tokens_per_second")


def error_ratio() -> str:
    return select("ragmeter_error_ratio")


def good_ratio() -> str:
    return select("ragmeter_good_ratio")


def recall_ratio() -> str:
    return select("ragmeter_recall_ratio")


def cache_hit_ratio() -> str:
    return select("ragmeter_cache_hit_ratio")


def run_cost() -> str:
    return select("ragmeter_run_cost_usd")


def usd_per_1m_tokens() -> str:
    return select("ragmeter_million_tokens_cost_usd")
