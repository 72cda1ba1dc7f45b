"""Which trials of two runs belong together, and the contrast of each metric over them."""

from collections.abc import Sequence

from ragmeter.core.compare.measured import MeasuredRun
from ragmeter.core.requests.figure import Figure
from ragmeter.core.stats.contrast import Contrast, contrast


def blocks(a: MeasuredRun, b: MeasuredRun) -> tuple[int, ...]:
    """The trials that both ran in one block of an interleaved session: trial k of A met what trial k of B met. Empty
    when the runs were not interleaved: trials of the same number then share nothing but their prompts.
    """
    if a.conditions.interleaving is None or a.conditions.interleaving != b.conditions.interleaving:
        return ()
    trials_a, trials_b = (next(iter(run.by_trial.values()), {}).keys() for run in (a, b))
    return tuple(sorted(trials_a & trials_b))


def contrasts(a: MeasuredRun, b: MeasuredRun, declared: Sequence[Figure]) -> dict[Figure, Contrast]:
    """Of every metric that has a positive figure in every trial that is compared."""
    pairs = blocks(a, b)
    found = {}
    for key in declared:
        of_a, of_b = (_positive(run, key, pairs) for run in (a, b))
        if of_a and of_b:
            found[key] = contrast(of_a, of_b, paired=bool(pairs))
    return found


def _positive(run: MeasuredRun, key: Figure, pairs: Sequence[int]) -> list[float]:
    """Of the trials in pairs, or of all without any; empty as soon as one has no figure above 0."""
    values = [run.by_trial[key][number] for number in pairs] if pairs else run.figures(key)
    known = [value for value in values if value is not None and value > 0]
    return known if len(known) == len(values) else []
