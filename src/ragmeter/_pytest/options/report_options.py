"""Options that judge and report."""

from ragmeter._pytest.options.option import Group, Option, Takes
from ragmeter._pytest.options.parse import above_zero, count, listening, minutes_above_zero, positive, share, url

ORDER = Option(
    name="bench_order",
    metavar="RUN",
    help="in a pod: run the job that the ConfigMap `RUN` of its namespace describes; result and raw record are left "
    "there in ConfigMaps that it owns; SIGTERM ends the load as Ctrl-C does",
)
REPORT = Group(
    name="ragmeter report",
    title="ragmeter: judge and report",
    options=(
        Option(
            name="bench_slo",
            takes=Takes.EXPRESSIONS,
            field="slos",
            metavar="EXPR",
            default=(),
            help="SLO such as `p95(ttft_ms) <= 1500`, repeatable; judged beside those of manifest and provider",
        ),
        Option(
            name="bench_baseline",
            metavar="FILE|DIR|last",
            with_origin=True,
            help="what to compare with: a raw record, the complete runs in a folder, or the last one in the report "
            "folder; a regression that is significant and larger than `--bench-min-effect` fails",
            see="[the baseline gate](../howto-ci.md#gate-against-saved-sessions)",
        ),
        Option(
            name="bench_baseline_missing",
            choices=("refuse", "record"),
            default="refuse",
            needs="bench_baseline",
            help="where no baseline has asked the same: `refuse` the session, or `record` this run as one and judge it "
            "by its SLOs alone, until a folder has the three sessions that a gate needs",
            see="[the first day](../howto-ci.md#a-baseline-from-the-first-day)",
        ),
        Option(
            name="bench_reference",
            metavar="NAME",
            with_origin=True,
            help="the `--provider` that the others are judged against, block by block; one that is worse by more than "
            "`--bench-min-effect` fails",
            see="[the reference gate](../howto-ci.md#gate-against-another-provider)",
        ),
        Option(
            name="bench_min_effect",
            parse=share,
            field="min_effect_ratio",
            metavar="SHARE",
            unset="5%",
            help="smallest relative difference that matters, such as `5%` or `0.05`",
        ),
        Option(
            name="bench_max_usd",
            parse=above_zero,
            metavar="USD",
            with_origin=True,
            unset="no limit",
            help="cost of the clusters at which the session stops sending load and keeps what was measured; refused at "
            "once when the plan cannot stay below",
            see="[the spend guard](../howto-ci.md#limit-time-and-cost)",
        ),
        Option(
            name="bench_max_minutes",
            parse=minutes_above_zero,
            metavar="MINUTES",
            with_origin=True,
            unset="no limit",
            help="duration at which the session stops sending load and keeps what was measured; refused at once when "
            "the plan cannot stay below",
        ),
        Option(
            name="bench_aa",
            takes=Takes.SWITCH,
            default=False,
            help="run each provider as two interleaved runs, which doubles the load: by how much they differ is the "
            "noise band of every comparison",
            see="[noise](../howto-compare.md#how-much-identical-systems-differ)",
        ),
        Option(
            name="bench_live",
            takes=Takes.SWITCH,
            default=False,
            help="show the session while it runs: a page with plots, and `/metrics` for a Prometheus, at an address of "
            "this machine alone that is printed; served by a process that sends no load",
            see="[live figures](../observability.md#a-run-while-it-runs)",
        ),
        Option(
            name="bench_otlp",
            parse=listening,
            metavar="[ADDRESS:]PORT",
            unset="off",
            help="receive OpenTelemetry spans of the service there (OTLP over HTTP) and show the stages that they "
            "tell: each request has a trace of its own, named in the header `traceparent`; a port alone is of this "
            "machine, and 0 is any free one",
            see="[stages from spans](../howto-any-rag.md#stages-from-opentelemetry-spans)",
        ),
        Option(
            name="bench_cache_matrix",
            takes=Takes.SWITCH,
            default=False,
            help="measure each workload with cold, warm and natural caches, trial by trial in turns, and compare them",
            see="[cache states](../howto-compare.md#cache-states-next-to-each-other)",
        ),
        Option(
            name="bench_strict",
            takes=Takes.SWITCH,
            default=False,
            help="for CI: a skipped live test and an INCONCLUSIVE verdict fail, and an SLO that the plan cannot decide "
            "is refused",
        ),
        Option(
            name="bench_report_dir",
            takes=Takes.FILE,
            metavar="DIR",
            default="reports",
            help="folder of results: `DIR/ns/<provider>/<timestamp>.{json,html,xml,raw.jsonl}`",
        ),
        Option(
            name="bench_json",
            takes=Takes.FILE,
            field="result_file",
            metavar="FILE",
            help="write the result document there, too; for a run of one workload on one provider",
            predecessors=("--json-out",),
        ),
        Option(
            name="bench_summary",
            takes=Takes.FILE,
            field="summary_file",
            metavar="FILE",
            help="write a summary in Markdown there: verdict, why, six figures with their change, and a link to the "
            "page; it goes to `GITHUB_STEP_SUMMARY`, too, where that is set",
            see="[the comment on a pull request](../howto-ci.md#a-comment-on-the-pull-request)",
        ),
        Option(
            name="bench_metrics",
            takes=Takes.FILE,
            field="metrics_file",
            metavar="FILE",
            help="write the figures there as OpenMetrics text without anything that differs from run to run by itself, "
            "such as for the metrics report of GitLab",
        ),
        Option(
            name="bench_report_url",
            parse=url,
            metavar="URL",
            unset="the artifacts of the job, where GitLab or GitHub run it",
            help="address at which the report folder will be found, for links to the page",
        ),
        Option(
            name="bench_progress",
            choices=("auto", "plain", "off"),
            default="auto",
            help="live progress: `auto` moves one line on a terminal and writes plain lines elsewhere, `plain` never "
            "moves a line, `off` is silent",
        ),
        Option(
            name="bench_pushgateway",
            parse=url,
            metavar="URL",
            unset="none",
            help="Prometheus Pushgateway that gets the figures of the runs when the session ends, one group of job "
            "`ragmeter` for each provider and workload; credentials come from RAGMETER_PUSHGATEWAY_USER and _PASSWORD, "
            "or _TOKEN",
        ),
        Option(
            name="bench_show_errors",
            parse=count,
            metavar="N",
            default=3,
            help="failed requests that get a line of their own as they happen",
            predecessors=("--show-errors",),
        ),
        ORDER,
        Option(
            name="bench_shards",
            parse=positive,
            metavar="N",
            default=1,
            help="with `--bench-order`: pods that run it together; each sends a shard, told by `JOB_COMPLETION_INDEX`",
        ),
    ),
)
