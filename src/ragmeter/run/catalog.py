"""Finding provider files and workload manifests by name or path, and reading them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ragmeter.clients.files import data_dir, read_text, read_yaml, schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.provider import Provider, provider_from
from ragmeter.core.setting import Setting
from ragmeter.core.workload import Prompt, Workload, prompts_of, workload_from

suffixes = (".yaml", ".yml")


def load_provider(name: str, *, environment: Mapping[str, str], base_url: str | None = None) -> Provider:
    """The provider of a name (``fixtures/providers/NAME.yaml`` here, else the shipped one) or of a path."""
    path = find(name, "provider", [Path("fixtures/providers"), data_dir("fixtures") / "providers"])
    return provider_from(
        read_yaml(path), path=shown(path), environment=environment, base_url=base_url, schema=schema("provider.v1")
    )


def load_workload(name: str, settings: Sequence[Setting] = ()) -> Workload:
    """The workload of a name (``workloads/NAME.yaml`` here, else the shipped one) or of a path."""
    path = find(name, "workload", [Path("workloads"), data_dir("workloads")])
    document = read_yaml(path)
    prompts: tuple[Prompt, ...] = ()
    if isinstance(document, dict) and isinstance(document.get("prompts_file"), str):
        file = path.parent / document["prompts_file"]
        prompts = prompts_of(read_text(file), path=shown(file))
    return workload_from(document, path=shown(path), prompts=prompts, settings=settings, schema=schema("workload.v1"))


def find(name: str, kind: str, folders: Sequence[Path]) -> Path:
    """The file of a name or path. Raises ConfigError that lists the known names."""
    if name.endswith(suffixes) or "/" in name:
        path = Path(name)
        if path.is_file():
            return path
        raise ConfigError(f"{kind} {name!r}: no such file; {known_sentence(kind, folders)}")
    for folder in folders:
        for suffix in suffixes:
            if (path := folder / f"{name}{suffix}").is_file():
                return path
    raise ConfigError(f"unknown {kind} {name!r}; {known_sentence(kind, folders)}")


def known_sentence(kind: str, folders: Sequence[Path]) -> str:
    """``known: a, b; or the path of a file``."""
    names = sorted({path.stem for folder in folders for suffix in suffixes for path in folder.glob(f"*{suffix}")})
    return f"known: {', '.join(names)}; or the path of a {kind} file ending in .yaml"


def shown(path: Path) -> str:
    """A path as a person would write it: relative to the working directory when it lies below it."""
    resolved = path.resolve()
    here = Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)
