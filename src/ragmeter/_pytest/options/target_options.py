"""Options that choose what is measured."""

from ragmeter._pytest.options.option import Group, Option, Takes

BASE_URL = Option(
    name="bench_base_url",
    short="--base-url",
    metavar="URL",
    with_origin=True,
    help="URL of the service, instead of the provider file's; for a single provider; an embedded service is then not "
    "started",
    predecessors=("--url",),
)
TARGETS = Group(
    name="ragmeter",
    title="ragmeter: measure, judge and price a RAG service",
    options=(
        Option(
            name="bench_provider",
            short="--provider",
            field="providers",
            takes=Takes.NAMES,
            metavar="NAME|FILE",
            default=(),
            help="provider to measure, repeatable; `local` starts a whole RAG service on this machine",
        ),
        Option(
            name="bench_workload",
            short="--workload",
            field="workloads",
            takes=Takes.NAMES,
            metavar="NAME|FILE",
            default=(),
            unset="the provider file's `workload`",
            help="workload to run, repeatable",
        ),
        BASE_URL,
        Option(
            name="bench_docs",
            takes=Takes.FILE,
            metavar="DIR",
            help="folder whose documents the embedded service answers from, instead of the provider file's "
            "`local.docs`; name your questions with `--bench-prompts-file`",
        ),
    ),
)
