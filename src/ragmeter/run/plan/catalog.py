"""Finding provider files and workload manifests by name or path, and reading them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ragmeter.clients.files import data_dir, read_text, read_yaml, schema, sha256_of
from ragmeter.clients.plugins.registry import speaker_of
from ragmeter.clients.tokenizer import ends_by, tokenizer_path
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.lengths import TokenizerFile
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.talks import Scripts, scripts_of_file
from ragmeter.core.inputs.targets.description import BUILT_IN, TARGET, Preset, TargetDescription, described
from ragmeter.core.inputs.traces import TracedRequest, trace_of
from ragmeter.core.inputs.unversioned import versioned
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.money.api_prices import API_PRICES, ApiPrices, api_prices_from
from ragmeter.core.schema import check
from ragmeter.core.setting import Setting

suffixes = (".yml", ".yaml")
folders = {
    "provider": Path("fixtures/providers"),
    "workload": Path("workloads"),
    "target": Path("targets"),
    "price list": Path("fixtures/api-prices"),
}


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


def load_workload(name: str, settings: Sequence[Setting] = (), provider: Provider | None = None) -> Workload:
    """The workload of a name (``workloads/NAME.yaml`` here, else the shipped one) or of a path.

    provider: whose file may say what the target is where the manifest does not.
    """
    path = find(name, "workload")
    document = read_yaml(path)
    known, _ = versioned(document, schema("workload.v1"), shown(path))
    check(known, schema("workload.v1"), shown(path))
    settings = [*_target_of(provider, known, shown(path), settings), *settings]
    return workload_from(
        document,
        path=shown(path),
        prompts=_prompts(known, path, settings),
        settings=settings,
        schema=schema("workload.v1"),
        trace=_trace(document, path, settings),
        find_target=load_target,
        tokenizer=_tokenizer(known, path),
        scripts=_scripts(known, path),
    )


def _scripts(document: Mapping[str, Any], path: Path) -> Scripts:
    named = document.get("sessions", {}).get("file")
    return () if named is None else scripts_of_file(read_text(path.parent / named), path=shown(path.parent / named))


def _tokenizer(document: Mapping[str, Any], path: Path) -> TokenizerFile | None:
    """Of a file or folder relative to the manifest. It is read here: what is none is found before any load."""
    named = document.get("model", {}).get("tokenizer")
    if named is None:
        return None
    file = tokenizer_path(path.parent / named)
    sha256 = sha256_of(file)
    ends_by(str(file))
    return TokenizerFile(path=str(file), sha256=sha256)


def _target_of(
    provider: Provider | None, document: Mapping[str, Any], path: str, settings: Sequence[Setting]
) -> list[Setting]:
    """Raises ConfigError for two that are not one: which of them holds would be a guess."""
    if provider is None or provider.target is None or any(setting.key == "target" for setting in settings):
        return []
    own = document.get("target", provider.target)
    if own != provider.target:
        raise ConfigError(f"{path}: $.target: {provider.path} has another one; write it in one of the two files")
    return [] if "target" in document else [Setting(key="target", value=provider.target, origin=provider.path)]


def load_target(name: str | Mapping[str, Any], *, where: str, at: str = "$.target") -> TargetDescription:
    """The description of a name (``targets/NAME.yaml`` here, else the shipped one), of a path, or as it is written.

    where, at: the file that has it, and the path in it. Raises ConfigError.
    """
    is_name = isinstance(name, str)
    built_in = BUILT_IN if is_name and at != "$" else ()
    place = f"{where}: {at}" if is_name else f"{where}: {at}.preset"

    def preset(named: str) -> Preset:
        try:
            return _preset(named, built_in)
        except ConfigError as error:
            raise ConfigError(f"{place}: {error}") from None

    document = {"preset": name} if is_name else name
    found = described(document, where=where, at=at, schema=schema(TARGET), find=preset)
    if found.plugin is not None:
        speaker_of(found.plugin, f"{where}: {at}.plugin")
    return found


def _preset(name: str, built_in: Sequence[str]) -> Preset:
    path = find(name, "target", built_in)
    return Preset(name=path.stem, document=read_yaml(path), where=shown(path))


def load_api_prices(name: str) -> ApiPrices:
    """The prices of a name (``fixtures/api-prices/NAME.yaml`` here, else the shipped one) or of a path."""
    path = find(name, "price list")
    return api_prices_from(read_yaml(path), schema=schema(API_PRICES), where=shown(path))


def _prompts(document: Any, path: Path, settings: Sequence[Setting]) -> tuple[Prompt, ...]:
    """Of the file that is named outside the manifest, which is relative to the working directory, else by it."""
    named = next((Path(setting.value) for setting in settings if setting.key == "prompts_file"), None)
    if named is None and "prompts_file" not in document:
        return ()
    file = named or path.parent / document["prompts_file"]
    return prompts_of(read_text(file), path=shown(file))


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


def find(name: str, kind: str, built_in: Sequence[str] = ()) -> Path:
    """The file of a name or path; kind: a key of `folders`. built_in: names that need no file. Raises ConfigError that
    lists the known names.
    """
    if name.endswith(suffixes) or "/" in name:
        path = Path(name)
        if path.is_file():
            return path
        raise ConfigError(f"{kind} {name!r}: no such file; {known_sentence(kind, built_in)}")
    if name not in known(kind):
        raise ConfigError(f"unknown {kind} {name!r}; {known_sentence(kind, built_in)}")
    return known(kind)[name]


def known(kind: str) -> dict[str, Path]:
    """The files by name, sorted: those of the working directory win over the shipped ones."""
    folder = folders[kind]
    shipped = data_dir(folder.parts[0]).joinpath(*folder.parts[1:])
    files = [path for place in (shipped, folder) for suffix in suffixes for path in place.glob(f"*{suffix}")]
    return dict(sorted({path.stem: path for path in files}.items()))


def known_sentence(kind: str, built_in: Sequence[str] = ()) -> str:
    """``known: a, b; or the path of a file``. built_in: names that need no file."""
    return f"known: {', '.join([*built_in, *known(kind)])}; or the path of a {kind} file ending in .yaml"


def shown(path: Path) -> str:
    """A path as a person would write it: relative to the working directory when it lies below it.

    Links stay as they are named: a file of a ConfigMap is one, into a folder whose name is a time.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - absolute() keeps `..`, and resolve() follows links
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)
