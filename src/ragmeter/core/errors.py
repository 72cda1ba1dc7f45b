"""Everything ragmeter raises on purpose.

::

    RagmeterError
    ├── ConfigError        bad input, found before any load is sent: manifest, provider, option, SLO expression
    │   └── SchemaError    a document does not fit its JSON Schema
    ├── TargetError        the measured system cannot be reached or refuses to be measured
    │   ├── LocalServiceError   the embedded service could not be started or ended early
    │   ├── ClientError         the machine that measures lacks what it takes: files, ports, a route
    │   └── ClusterError        Kubernetes refuses, or cannot run what it was given
    └── StorageError       a result could not be written or read

    InconclusiveWarning(UserWarning)   an SLO or a baseline could not be decided by this run
    SloViolation(AssertionError)   a figure misses its SLO or baseline, or could not be judged; raised inside a test
"""


class RagmeterError(Exception):
    """A sentence for the user: no traceback is needed to act on it."""


class ConfigError(RagmeterError):
    """Bad input: ``where: path: value seen, values allowed``."""


class SchemaError(ConfigError):
    """A document does not fit its JSON Schema; the message names the path inside the document."""


class TargetError(RagmeterError):
    """The measured system cannot be reached, is not ready, or is not what the provider file says."""


class LocalServiceError(TargetError):
    """The embedded service could not be started, or ended while it was needed."""


class ClientError(TargetError):
    """The machine that measures lacks what it takes; the message names the limit. It says nothing of the service."""


class ClusterError(TargetError):
    """Kubernetes refuses what was asked, or cannot run it; the message names the object and the reason.

    status: the HTTP status of the refusal, if there was one.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class StorageError(RagmeterError):
    """A result could not be written or read; the message names the file and the reason."""


class InconclusiveWarning(UserWarning):
    """A bound lies inside the interval: the run can neither show that it is met nor that it is missed."""


class SloViolation(AssertionError):  # noqa: N818 - an assertion of the suite, not an error of the program
    """An SLO is not met, a figure is worse than the baseline, or either could not be judged; the message says which.

    outcome: what that makes of the run, such as ``FAIL``.
    """

    def __init__(self, outcome: str, sentence: str) -> None:
        super().__init__(f"{outcome}: {sentence}")
        self.outcome = outcome
