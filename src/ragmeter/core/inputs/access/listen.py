"""An address to listen at, as an option has it."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Self

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """host: a number, without brackets. port: 0 for one that is free."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """``4318``, which is on loopback, ``0.0.0.0:4318``, ``[::1]:4318``. Raises ValueError, a sentence."""
        host, colon, port = text.strip().rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if colon else LOOPBACK
        try:
            number, known = int(port), ip_address(host)
        except ValueError:
            number = -1
        if not 0 <= number < 2**16:
            raise ValueError(f"{text!r} is not PORT or ADDRESS:PORT, such as 4318, 0.0.0.0:4318 or [::1]:4318")
        return cls(str(known), number)

    @property
    def is_loopback(self) -> bool:
        return ip_address(self.host).is_loopback

    def reached(self, port: int) -> str:
        """Where this machine reaches it when it listens at the port."""
        known = ip_address(self.host)
        host = self.host if not known.is_unspecified else "::1" if known.version == 6 else LOOPBACK
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
