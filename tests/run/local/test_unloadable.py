"""What is said of a library that does not load, by the words of the linker, of Python and of the kernel."""

import pytest

from ragmeter.run.local.unloadable import ILLEGAL_INSTRUCTION, why_unloadable

REINSTALL = "python -m pip install --force-reinstall faiss-cpu"
CASES = {
    "a shared library of Debian's": (
        "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory",
        "libgomp.so.1 is missing: sudo apt-get install libgomp1",
    ),
    "of the C++ compiler": (
        "OSError: libatomic.so.1: cannot open shared object file: No such file or directory",
        "libatomic.so.1 is missing: sudo apt-get install libatomic1",
    ),
    "one that nobody expected": (
        "ImportError: libmkl_rt.so.2: cannot open shared object file: No such file or directory",
        "libmkl_rt.so.2 is missing: install the package of your system that holds it",
    ),
    "an old C library": (
        "ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /x/faiss.so)",
        "it needs GLIBC_2.34, and this system's is older: use Debian 12, Ubuntu 22.04 or newer",
    ),
    "an old C++ library": (
        "ImportError: libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by x.so)",
        "it needs GLIBCXX_3.4.30",
    ),
    "a processor without AVX2": (ILLEGAL_INSTRUCTION, "this processor lacks instructions that it was built for"),
    "numpy on an old processor": (
        "RuntimeError: NumPy was built with baseline optimizations: (X86_V2) but your machine doesn't …",
        "this processor lacks instructions that it was built for",
    ),
    **{
        f"too little memory: {said[:40]}": (said, "too little memory is left, or a limit allows too little (ulimit -v")
        for said in (
            "ImportError: /x/rpds.so: failed to map segment from shared object",
            "ImportError: /x/y.so: cannot allocate memory in static TLS block",
            "MemoryError",
            "OpenBLAS error: Memory allocation still failed after 10 retries, giving up.",
        )
    },
    "anything else": ("SystemError: initialization failed", f"SystemError: initialization failed: {REINSTALL}"),
}


@pytest.mark.parametrize("case", CASES)
def test_sentence_names_the_library_the_reason_and_what_mends_it(case: str) -> None:
    said, words = CASES[case]
    sentence = why_unloadable("faiss-cpu", said, REINSTALL)
    assert sentence.startswith("the library faiss-cpu does not load: ")
    assert words in sentence
    assert "\n" not in sentence
