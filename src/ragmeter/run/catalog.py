"""Finding provider files and workload manifests by name or path, and reading them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ragmeter.clients.files import data_dir, read_text, read_yaml, schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.provider import Provider, provider_from
from ragmeter.core.schema import check
from ragmeter.core.setting import Setting
from ragmeter.core.traces import TracedRequest, trace_of
from ragmeter.core.workload import Prompt, Workload, prompts_of, workload_from

suffixes = (".yml", ".yaml")
folders = {"provider": Path("fixtures/providers"), "workload": Path("workloads")}


def load_provider(
    name: str,
    *,
    environment: Mapping[str, str],
    base_url: Setting | None = None,
    netprobe: Sequence[Setting] = (),
    probe_only: bool = False,
) -> Provider:
    """The provider of a name (``fixtures/providers/NAME.yaml`` here, else the shipped one) or of a path."""
    path = find(name, "provider")
    return provider_from(
        read_yaml(path),
        path=shown(path),
        environment=environment,
        base_url=base_url,
        schema=schema("provider.v1"),
        netprobe=netprobe,
        probe_only=probe_only,
    )


def load_workload(name: str, settings: Sequence[Setting] = ()) -> Workload:
    """The workload of a name (``workloads/NAME.yaml`` here, else the shipped one) or of a path."""
    path = find(name, "workload")
    document = read_yaml(path)
    check(document, schema("workload.v1"), shown(path))
    prompts: tuple[Prompt, ...] = ()
    if "prompts_file" in document:
        file = path.parent / document["prompts_file"]
        prompts = prompts_of(read_text(file), path=shown(file))
    return workload_from(
        document,
        path=shown(path),
        prompts=prompts,
        settings=settings,
        schema=schema("workload.v1"),
        trace=_trace(document, path, settings),
    )


def _trace(document: Any, path: Path, settings: Sequence[Setting]) -> tuple[TracedRequest, ...]:
    """Of the file that is named outside the manifest, which is relative to the working directory, else by it."""
    named = {setting.key: setting.value for setting in settings}
    load = document.get("load", {})
    if named.get("load.shape", load.get("shape")) != "trace":
        return ()
    if "load.trace_file" in named:
        file = Path(named["load.trace_file"])
    elif "trace_file" in load:
        file = path.parent / load["trace_file"]
    else:
        return ()
    return trace_of(read_text(file), path=shown(file))


def find(name: str, kind: str) -> Path:
    """The file of a name or path; kind: ``provider`` or ``workload``. Raises ConfigError that lists the known names."""
    if name.endswith(suffixes) or "/" in name:
        path = Path(name)
        if path.is_file():
            return path
        raise ConfigError(f"{kind} {name!r}: no such file; {known_sentence(kind)}")
    if name not in known(kind):
        raise ConfigError(f"unknown {kind} {name!r}; {known_sentence(kind)}")
    return known(kind)[name]


def known(kind: str) -> dict[str, Path]:
    """The files by name, sorted: those of the working directory win over the shipped ones."""
    folder = folders[kind]
    shipped = data_dir(folder.parts[0]).joinpath(*folder.parts[1:])
    files = [path for place in (shipped, folder) for suffix in suffixes for path in place.glob(f"*{suffix}")]
    return dict(sorted({path.stem: path for path in files}.items()))


def known_sentence(kind: str) -> str:
    """``known: a, b; or the path of a file``."""
    return f"known: {', '.join(known(kind))}; or the path of a {kind} file ending in .yaml"


def shown(path: Path) -> str:
    """A path as a person would write it: relative to the working directory when it lies below it."""
    resolved = path.resolve()
    here = Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)
