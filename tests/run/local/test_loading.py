"""Libraries that do not load: found in another process, said in one sentence."""

import subprocess
from pathlib import Path

import pytest

from ragmeter.core.errors import LocalServiceError
from ragmeter.run.local.loading import check_loadable, unloadable
from tests.programs import needs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Python finds modules."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_loads_is_no_trouble() -> None:
    check_loadable({"json": "json", "yaml": "pyyaml"})


@needs("cc")
def test_library_that_lacks_a_shared_object_is_named_by_its_distribution(folder: Path) -> None:
    """A real shared object that needs one which is not there, loaded by the real linker."""
    needed, needing = folder / "libgomp.so.1", folder / "broken.so"
    for output, extra in ((needed, ["-Wl,-soname,libabsent.so.7"]), (needing, [str(needed)])):
        command = ["cc", "-shared", "-fPIC", "-x", "c", "/dev/null", "-x", "none", "-Wl,--no-as-needed", *extra, "-o"]
        subprocess.run([*command, str(output)], check=True)
    (folder / "broken_binding.py").write_text(f"import ctypes\nctypes.CDLL({str(needing)!r})\n")
    with pytest.raises(LocalServiceError, match=r"the library broken-dist does not load: libabsent.so.7 is missing"):
        check_loadable({"json": "json", "broken_binding": "broken-dist", "absent_too": "absent"})


def test_library_that_kills_its_process_is_named(folder: Path) -> None:
    (folder / "illegal.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    with pytest.raises(LocalServiceError, match="the library illegal-dist does not load: this processor lacks"):
        check_loadable({"illegal": "illegal-dist"})
    (folder / "crashing.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    with pytest.raises(LocalServiceError, match=r"its import ended with SIGSEGV: .*install --force-reinstall crash"):
        check_loadable({"crashing": "crash"})


def test_library_of_this_process_is_named() -> None:
    error = ImportError("libz.so.1: cannot open shared object file: No such file or directory", name="numpy.core")
    assert unloadable(error) == "the library numpy does not load: libz.so.1 is missing: sudo apt-get install zlib1g"


def test_reason_that_stands_below_advice_is_found_where_nobody_names_the_library() -> None:
    """As NumPy says it."""
    error = ImportError("\n\nIMPORTANT: PLEASE READ THIS\n\nOriginal error was: openblas.so: failed to map segment\n\n")
    assert unloadable(error).startswith("the library that ragmeter needs does not load: too little memory is left")
    assert unloadable(ImportError("odd")).endswith("install --force-reinstall ragmeter")
    assert unloadable(ImportError()).startswith("the library that ragmeter needs does not load: ")
