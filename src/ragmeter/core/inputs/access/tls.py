"""Names of the files by which two ends of TLS know each other."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Paths of PEM files. ca: certificates to trust in place of the system's. cert, key: what the client shows where a
    service wants to know who it is; a key in the file of the certificate needs no file of its own.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


OF_THE_SYSTEM: Final = TlsFiles()
"""Its authorities are trusted, and nothing is shown."""
