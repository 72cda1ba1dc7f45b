"""Why a library does not load on a machine, and what mends it: from the words of the dynamic linker or of Python."""

import re

APT_PACKAGES = {
    "libgomp.so.1": "libgomp1",
    "libatomic.so.1": "libatomic1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgfortran.so.5": "libgfortran5",
    "libquadmath.so.0": "libquadmath0",
    "libnuma.so.1": "libnuma1",
    "libz.so.1": "zlib1g",
}
"""Shared libraries that wheels expect of the system, and the packages of Debian and Ubuntu that hold them."""

_MISSING = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")
_TOO_OLD = re.compile(r"version [`'](GLIBC(?:XX)?_[\d.]+)' not found")
_MEMORY = re.compile(
    r"failed to map segment|cannot (map|create).*segment|MemoryError|memory allocation|cannot allocate|out of memory",
    re.IGNORECASE,
)
_PROCESSOR = re.compile(r"baseline optimizations|illegal instruction", re.IGNORECASE)

ILLEGAL_INSTRUCTION = "illegal instruction"
"""What is said of a library whose import the kernel ended with SIGILL."""


def why_unloadable(library: str, said: str, reinstall: str) -> str:
    """One sentence with what mends it.

    said: the last line that its import printed, or `ILLEGAL_INSTRUCTION`. reinstall: the command for anything else.
    """
    return f"the library {library} does not load: {_reason(said) or f'{said}: {reinstall}'}"


def _reason(said: str) -> str | None:
    if found := _MISSING.search(said):
        package = APT_PACKAGES.get(found[1])
        how = f"sudo apt-get install {package}" if package else "install the package of your system that holds it"
        return f"{found[1]} is missing: {how}"
    if found := _TOO_OLD.search(said):
        return f"it needs {found[1]}, and this system's is older: use Debian 12, Ubuntu 22.04 or newer"
    if _MEMORY.search(said):
        return "too little memory is left, or a limit allows too little (ulimit -v, ulimit -d): allow 300 MB or more"
    if _PROCESSOR.search(said):
        return "this processor lacks instructions that it was built for (AVX2): use another machine, or build it here"
    return None
