"""Options that replace a value of the workload manifest."""

from ragmeter._pytest.options.option import Group, Option
from ragmeter._pytest.options.parse import number, numbers, seconds, until, whole

MANIFEST = Group(
    name="ragmeter manifest",
    title="ragmeter: replace a value of the workload manifest",
    owner="manifest",
    options=(
        Option(
            name="bench_requests",
            key="benchmark.requests",
            parse=whole,
            metavar="N",
            help="measured requests per trial",
            predecessors=("--requests",),
        ),
        Option(
            name="bench_concurrency",
            key="benchmark.concurrency",
            parse=whole,
            metavar="N",
            help="requests in flight in a closed loop",
            predecessors=("--concurrency",),
        ),
        Option(
            name="bench_duration",
            key="benchmark.duration",
            parse=seconds,
            metavar="SECONDS",
            help="start no further request after this; with `--bench-requests`, whichever comes first",
        ),
        Option(
            name="bench_warmup",
            key="benchmark.warmup_requests",
            parse=whole,
            metavar="N",
            help="requests before the measured phase, reported apart",
            predecessors=("--warmup", "--warmup-requests"),
        ),
        Option(
            name="bench_timeout",
            key="benchmark.timeout",
            parse=seconds,
            metavar="SECONDS",
            help="deadline of one whole request",
        ),
        Option(
            name="bench_max_output_tokens",
            key="benchmark.max_output_tokens",
            parse=whole,
            metavar="N",
            help="`max_tokens` of each request",
            predecessors=("--max-output-tokens",),
        ),
        Option(
            name="bench_shape",
            key="load.shape",
            metavar="SHAPE",
            help="`closed` (by concurrency), or an open loop: `constant`, `poisson`, `gamma`, `ramp`, `bursts`, "
            "`sweep` or `trace`",
        ),
        Option(
            name="bench_rate",
            key="load.rate_per_s",
            parse=number,
            metavar="PER_S",
            help="mean offered rate of an open loop, requests per second; of a ramp the first",
        ),
        Option(
            name="bench_end_rate",
            key="load.end_rate_per_s",
            parse=number,
            metavar="PER_S",
            help="rate that `--bench-shape=ramp` ends with",
        ),
        Option(
            name="bench_burstiness",
            key="load.burstiness",
            parse=number,
            metavar="SHAPE",
            help="shape of the gaps of `--bench-shape=gamma`: 1 is Poisson, below 1 in clusters, above 1 evenly",
        ),
        Option(
            name="bench_burst_size",
            key="load.burst_size",
            parse=whole,
            metavar="N",
            help="requests that start at one moment with `--bench-shape=bursts`",
        ),
        Option(
            name="bench_rates",
            key="load.rates_per_s",
            parse=numbers,
            metavar="PER_S,PER_S",
            help="rate of each step of `--bench-shape=sweep`, separated by commas",
        ),
        Option(
            name="bench_trace",
            key="load.trace_file",
            metavar="FILE",
            help="recorded traffic that `--bench-shape=trace` replays: Mooncake's JSON Lines, BurstGPT's or Azure's "
            "CSV; relative to the working directory",
        ),
        Option(
            name="bench_speedup",
            key="load.speedup",
            parse=number,
            metavar="TIMES",
            help="how many times as fast a trace is replayed",
        ),
        Option(name="bench_k", key="retrieval.k", parse=whole, metavar="K", help="passages retrieved per question"),
        Option(
            name="bench_retrieval_mode",
            key="retrieval.mode",
            metavar="MODE",
            help="search for passages: `dense` (by vectors), `lexical` (by words) or `hybrid` (by both); without it, "
            "that of the service",
        ),
        Option(
            name="bench_cache_kv",
            key="cache.kv",
            metavar="STATE",
            help="state of the service's caches: `cold` (each request is marked as new), `warm` (each question is "
            "asked once before) or `natural`",
        ),
        Option(name="bench_docset", key="retrieval.docset", metavar="NAME", help="document collection that is asked"),
        Option(
            name="bench_trials",
            key="benchmark.trials",
            parse=whole,
            metavar="N",
            help="repetitions of the measured phase, each with its own derived seed",
        ),
        Option(
            name="bench_until",
            key="until",
            parse=until,
            metavar="RULE",
            help="trials until an interval is narrow enough, such as `ci_width=5%,max_trials=20,max_minutes=30`",
        ),
        Option(
            name="bench_cool_down",
            key="benchmark.cool_down",
            parse=seconds,
            metavar="SECONDS",
            help="pause before each trial but the first",
        ),
        Option(
            name="bench_seed",
            key="benchmark.seed",
            parse=whole,
            metavar="N",
            help="seed of arrivals and of the prompt draw",
        ),
        Option(
            name="bench_prompts_file",
            key="prompts_file",
            metavar="FILE",
            help="prompts instead of the manifest's: one per line, or `.jsonl` with an object per line; relative to "
            "the working directory",
            predecessors=("--prompt-file",),
        ),
    ),
)
"""Option > environment > ini > manifest."""
