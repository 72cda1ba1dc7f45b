"""What a system costs, as lines of text and as the words that the page shares."""

from collections.abc import Iterator
from textwrap import wrap

from ragmeter.core.money.economics import Economics
from ragmeter.report.words.economics import PRICES, all_warnings, asked, paid, price_or_reason
from ragmeter.report.words.format import quantity
from ragmeter.report.words.markup import clean


def economics_lines(label: str, at: Economics | None, *, width: int) -> Iterator[str]:
    yield clean(label)
    if at is None:
        yield "  no price sheet: no cost"
        return
    yield f"  {paid(at)}"
    yield f"  {'cluster':24}{quantity(at.usd_per_hour, 'usd')} an hour, {quantity(at.usd_per_month, 'usd')} a month"
    for name, words in PRICES.items():
        yield f"  {words:24}{price_or_reason(at, name)}"
    for words in (*asked(at), *(f"warning: {clean(warning)}" for warning in all_warnings(at))):
        yield from wrap(words, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
