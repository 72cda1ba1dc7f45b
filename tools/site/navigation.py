"""What the sidebar lists: pages by kind, with a short title where that of the page is long."""

from collections.abc import Mapping, Sequence

NAVIGATION: Mapping[str, Sequence[tuple[str, str]]] = {
    "Tutorial": [("tutorial", "The first run")],
    "How-to guides": [
        ("howto-cluster", "Measure a backend on a cluster"),
        ("howto-compare", "Compare providers"),
        ("howto-east-west", "Probe the network inside a cluster"),
        ("howto-ci", "Gate a release in CI"),
        ("howto-any-rag", "Measure any RAG service"),
        ("howto-conversations", "Measure conversations"),
        ("howto-questions", "Questions about your own documents"),
        ("howto-own-tests", "Write tests of your own"),
        ("observability", "Monitor a backend"),
        ("migrating", "Migrate from the RAG demo"),
    ],
    "Explanation": [
        ("explanation-measurement", "Metrics and measurement"),
        ("explanation-statistics", "Statistics"),
        ("explanation-quality", "Quality of answers"),
        ("explanation-cost", "Cost"),
        ("example-published-runs", "Example: a published comparison"),
    ],
    "Reference": [
        ("glossary", "Glossary"),
        ("reference/metrics", "Metrics"),
        ("reference/cli", "Command line"),
        ("reference/options", "Options of pytest"),
        ("reference/workload", "Workload manifest"),
        ("reference/provider", "Provider file"),
        ("reference/target", "Description of a target"),
        ("reference/result", "Results and verdicts"),
        ("reference/backend", "RAG backend"),
        ("reference/api", "Public API"),
        ("reference/client-timing", "Client timing"),
        ("reference/schedule-lateness", "Schedule lateness"),
        ("reference/process-growth", "Load processes"),
    ],
    "Project": [
        ("project/architecture", "Architecture"),
        ("decisions/README", "Decisions"),
        ("project/changes", "Changes"),
        ("project/contributing", "Contributing"),
        ("project/security", "Security"),
    ],
}


def toctrees() -> str:
    """The navigation as MyST directives, for the end of the start page."""
    return "\n".join(_toctree(caption, entries) for caption, entries in NAVIGATION.items())


def _toctree(caption: str, entries: Sequence[tuple[str, str]]) -> str:
    lines = "\n".join(f"{title} <{page}>" for page, title in entries)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"
