"""Write the tables of docs/example-published-runs.md from the figures of the published runs."""

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median, stdev

import ragmeter
from ragmeter.core.compare.compare import compare
from ragmeter.core.compare.comparison import Comparison, MetricComparison
from ragmeter.core.compare.imported import ImportedTrial, ImportedTrials
from ragmeter.core.compare.importers.demo import DEMO
from ragmeter.core.compare.sides import ImportedRun
from ragmeter.core.requests.figure import Figure
from ragmeter.report.words.comparison import change_text, rank_words
from tools.tables import with_table

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "fixtures" / "published" / "rag-demo-runs.csv"
PAGE = ROOT / "docs" / "example-published-runs.md"
PROVIDERS = ("akamai-lke", "aws-eks", "gcp-gke")
DECLARED: tuple[Figure, ...] = (
    Figure("ttft_ms", "p50"),
    Figure("ttft_ms", "p95"),
    Figure("tpot_ms", "p50"),
    Figure("e2e_ms", "p50"),
    Figure("e2e_ms", "p95"),
)
LAST_DAY = "2026-02-22"


def runs(*, day: str | None, interleaved: bool) -> list[ImportedRun]:
    """The published runs of each provider, those of one day or all; run i of each was made in the same round."""
    with FIGURES.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if day in {None, row["date"]}]
    return [
        ImportedRun(
            path=provider,
            trials=ImportedTrials(
                ragmeter_version=ragmeter.__version__,
                tool=DEMO.tool,
                provider=provider,
                workload="500 requests, 50 at a time",
                interleaving="rounds" if interleaved else None,
                identity={},
                trials=tuple(_trial(row) for row in rows if row["provider"] == provider),
                notes=DEMO.definitions[0].notes,
            ),
        )
        for provider in PROVIDERS
    ]


def _trial(row: dict[str, str]) -> ImportedTrial:
    document = {name: float(value) if value else None for name, value in row.items() if name.endswith("_ms")}
    at = DEMO.read({**document, "requests": row["requests"], "success": row["success"]})
    return ImportedTrial(
        path=f"{row['date']}-{row['run']}",
        sha256="",
        started_at=None,
        requests=at.requests,
        errors=at.errors,
        figures=dict(at.figures),
        mean_output_tokens=None,
    )


def compared(*, day: str | None, interleaved: bool) -> Comparison:
    return compare(runs(day=day, interleaved=interleaved), declared=DECLARED, ragmeter_version=ragmeter.__version__)


def medians() -> Iterator[str]:
    """Medians of the runs and the coefficient of variation between them."""
    yield "| metric | " + " | ".join(PROVIDERS) + " |"
    yield "|---|" + "---|" * len(PROVIDERS)
    of_day = runs(day=LAST_DAY, interleaved=False)
    for key in DECLARED:
        figures = [[trial.figures[str(key)] for trial in run.trials.trials] for run in of_day]
        cells = [f"{_ms(median(own))} ms, {stdev(own) / fmean(own) * 100:.0f} %" for own in figures]
        yield f"| {key.short} | {' | '.join(cells)} |"


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def claims() -> Iterator[str]:
    """What the medians claim of each pair, and what is left of it."""
    yield "| metric | pair | the medians say | as independent runs | if each round was a block |"
    yield "|---|---|---|---|---|"
    apart, blocks = (compared(day=LAST_DAY, interleaved=way) for way in (False, True))
    figures = {run.trials.provider: run.trials.trials for run in runs(day=LAST_DAY, interleaved=False)}
    for pair, other in zip(apart.pairs, blocks.pairs, strict=True):
        for at, again in zip(pair.metrics, other.metrics, strict=True):
            name = str(at.figure)
            of_a, of_b = (median(trial.figures[name] for trial in figures[side]) for side in (pair.a, pair.b))
            better, worse = (pair.a, pair.b) if of_a < of_b else (pair.b, pair.a)
            claim = f"{better} by {(1 - min(of_a, of_b) / max(of_a, of_b)) * 100:.0f} % over {worse}"
            cells = (at.figure.short, f"{pair.a}, {pair.b}", claim, _verdict(at), _verdict(again))
            yield f"| {' | '.join(cells)} |"


def _verdict(at: MetricComparison) -> str:
    """The sentence, with the change where nothing is decided."""
    if not at.sentence.startswith("not decidable"):
        return at.sentence
    return f"{at.sentence.partition(' needed to show')[0]}; {change_text(at.ratio)}"


def ranks() -> Iterator[str]:
    yield "| metric | 7 rounds of 22 February, independent | the same as blocks | all 20 rounds, independent |"
    yield "|---|---|---|---|"
    found = [
        compared(day=LAST_DAY, interleaved=False),
        compared(day=LAST_DAY, interleaved=True),
        compared(day=None, interleaved=False),
    ]
    for index, key in enumerate(DECLARED):
        yield f"| {key.short} | {' | '.join(rank_words(each.rankings[index]) for each in found)} |"


TABLES = {"medians": medians, "claims": claims, "ranks": ranks}


def page(text: str) -> str:
    """The page with all tables as they are computed now."""
    for name, table in TABLES.items():
        text = with_table(text, name, table())
    return text


def main(paths: Sequence[Path] = (PAGE,)) -> None:
    for path in paths:
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
