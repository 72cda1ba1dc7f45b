"""Secrets of provider files, kept out of what pytest writes: failures with their tracebacks, captured output, logs."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ragmeter.core.inputs.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from ragmeter.core.inputs.provider import Provider


def secrets_of_all(providers: Iterable[Provider]) -> Secrets:
    """A log or a traceback does not say which provider it is of."""
    return Secrets(tuple(dict.fromkeys(value for provider in providers for value in provider.secrets.values)))


def mask_report(report: pytest.TestReport, secrets: Secrets) -> None:
    """In place. A failure that repeats a secret becomes plain text; others keep their colours."""
    said = report.longreprtext
    if (masked := secrets.mask(said)) != said:
        report.longrepr = masked
    report.sections = [(name, secrets.mask(text)) for name, text in report.sections]
    report.user_properties = [(name, secrets.mask_all(value)) for name, value in report.user_properties]


@contextmanager
def masked_logs(secrets: Secrets) -> Iterator[None]:
    """Within, every record is masked as it is made: a debug log of an HTTP client repeats headers."""
    made = logging.getLogRecordFactory()

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = made(*args, **kwargs)
        said = record.getMessage()
        if (masked := secrets.mask(said)) != said:
            record.msg, record.args = masked, ()
        if record.exc_info:
            record.exc_text = secrets.mask(logging.Formatter().formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(make)
    try:
        yield
    finally:
        logging.setLogRecordFactory(made)
