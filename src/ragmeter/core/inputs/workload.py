"""A workload: what is asked, how often, and what is acceptable. Made from a manifest that fits ``workload.v1``."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.body import NOTHING_STATED, RequestBody, body_from
from ragmeter.core.inputs.cache import DeclaredCaches, caches_from
from ragmeter.core.inputs.lengths import DrawnLengths, TokenizerFile, lengths_from
from ragmeter.core.inputs.load_keys import check_load, check_ramp
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.search import Search, check_search, search_from
from ragmeter.core.inputs.talks import Leaving, Scripts, Sessions, leaving_from, scripts_of, sessions_from
from ragmeter.core.inputs.targets.asking import asking_of
from ragmeter.core.inputs.targets.description import BUILT_IN, TargetDescription
from ragmeter.core.inputs.traces import TracedRequest, sped_up
from ragmeter.core.inputs.until import Until, until_from
from ragmeter.core.inputs.unversioned import versioned
from ragmeter.core.requests.amounts import with_plain_numbers
from ragmeter.core.schema import check, defaults
from ragmeter.core.setting import Setting


class FindTarget(Protocol):
    """Reads the description of a target: its name or path, or itself as it is written."""

    def __call__(self, name: str | Mapping[str, Any], *, where: str) -> TargetDescription: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A manifest value that was replaced: precedence is option > environment > manifest."""

    key: str
    manifest: Any
    used: Any
    origin: str


judging_keys = ("slo", "goodput", "description", "until", "cache", "factors")
"""Manifest keys that judge or describe and do not change what is asked of the service. The state of its caches is a
field of its own in the identity of a run; what is varied is in the values of each run."""
OWN_KEYS = ("model", "messages", "stream")
"""Keys of a chat completion that ``model.body`` cannot have."""
pacing_keys = ("seed", "trials", "cool_down")
"""Keys of ``benchmark`` that say how often and when, and not what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A validated manifest, after overrides.

    target: its name. described: what a target that is not built in is asked, and where its answers have what.
    concurrency: requests in flight; None in an open loop, which has rates or a trace instead. rates_per_s: of the steps
    of a sweep. trace: the requests of a trace, with its speed-up applied. requests: of each step of a trial. trials: at
    most, where ``until`` decides. duration_s: the measured phase starts no request after it; None when ``requests``
    alone ends it.
    body: keys of each request's body, for target openai; None leaves a key out. request: what the manifest states of
    each request's body, for any target that has a place for it. lengths: of prompts and answers, drawn for each of
    them. tokenizer: by which lengths are exact, and tokens are counted where the service counts none. sessions: of
    which prompts are the turns; None: each prompt is a conversation of its own. leaving: clients that go away.
    manifest: the effective document. sha256: of everything in it that changes what is asked of the service,
    prompts included; seed, trials, cool-down and SLOs are not part of it.
    """

    name: str
    version: str
    path: str
    target: str
    described: TargetDescription | None = None
    shape: str
    requests: int
    concurrency: int | None
    rate_per_s: float | None
    duration_s: float | None
    warmup_requests: int
    timeout_s: float
    max_output_tokens: int
    trials: int
    until: Until | None = None
    search: Search | None = None
    cool_down_s: float = 0.0
    seed: int
    k: int
    docset: str
    retrieval_mode: str | None = None
    candidates: int | None = None
    rerank: bool | None = None
    filter: Mapping[str, Any] = field(default_factory=dict)
    passage_texts: bool = False
    model_id: str | None
    dtype: str | None
    body: Mapping[str, Any] = field(default_factory=dict)
    request: RequestBody = NOTHING_STATED
    lengths: DrawnLengths | None = None
    tokenizer: TokenizerFile | None = None
    sessions: Sessions | None = None
    leaving: Leaving | None = None
    prompts: tuple[Prompt, ...]
    prompt_order: str
    goodput: Mapping[str, float]
    slo: tuple[str, ...]
    manifest: Mapping[str, Any]
    overrides: tuple[Override, ...]
    sha256: str
    end_rate_per_s: float | None = None
    burstiness: float = 1.0
    burst_size: int = 1
    rates_per_s: tuple[float, ...] = ()
    trace: tuple[TracedRequest, ...] = ()
    caches: DeclaredCaches | None = None
    """None: undeclared, and a run that repeats questions cannot pass."""
    notices: tuple[str, ...] = ()
    """What the author of the manifest should know."""

    @property
    def open_loop(self) -> bool:
        """Whether requests follow a schedule, and not one another."""
        return self.shape != "closed"

    @property
    def peak_rate_per_s(self) -> float | None:
        """The highest mean rate of requests; of a trace the mean of all of it. None in a closed loop."""
        if self.trace:
            span_s = self.trace[-1].at_s
            return len(self.trace) / span_s if span_s else float(len(self.trace))
        rates = [rate for rate in (self.rate_per_s, self.end_rate_per_s, *self.rates_per_s) if rate is not None]
        turns = 1.0 if self.sessions is None else self.sessions.mean_turns
        return max((rate * turns for rate in rates), default=None)


_OF_RAG: Final = ("mode", "candidates", "rerank", "filter", "passage_texts")
"""Keys of ``retrieval`` that only our own backend takes."""


def workload_from(
    document: Any,
    *,
    path: str,
    prompts: Sequence[Prompt],
    settings: Sequence[Setting],
    schema: Mapping[str, Any],
    trace: Sequence[TracedRequest] = (),
    find_target: FindTarget | None = None,
    tokenizer: TokenizerFile | None = None,
    scripts: Scripts = (),
) -> Workload:
    """The workload of a manifest.

    document: the parsed manifest. prompts: those of ``prompts_file``, or empty when the manifest lists its own.
    settings: values that win over the manifest, at most one for a key. trace: the requests of ``load.trace_file``.
    find_target: reads the description of a target; without it, only the built-in ones are known. tokenizer: the file of
    ``model.tokenizer``. scripts: the sessions of ``sessions.file``.
    Raises ConfigError for whatever is unknown or impossible, before and after the settings are applied.
    """
    document, notices = versioned(document, schema, path)
    document = with_plain_numbers(document, schema)
    check(document, schema, path)
    effective, overrides = _override(document, settings)
    effective = with_plain_numbers(effective, schema)
    where = f"{path} with {', '.join(o.origin for o in overrides)}" if overrides else path
    check_load(effective.get("load", {}), settings, where)
    _check_trials(effective, where)
    check(effective, schema, where)
    benchmark = defaults(schema, "benchmark") | effective["benchmark"]
    load = defaults(schema, "load") | effective.get("load", {})
    retrieval = defaults(schema, "retrieval") | effective.get("retrieval", {})
    model = effective.get("model", {})
    until = until_from(defaults(schema, "until") | effective["until"]) if "until" in effective else None
    search = search_from(load["search"]) if "search" in load else None
    scripts = scripts or scripts_of(effective, where)
    own = tuple(turn for script in scripts for turn in script)
    own = own or tuple(Prompt(text=text) for text in effective.get("prompts", ()))
    closed = load["shape"] == "closed"
    requests = _requests(effective["benchmark"], benchmark["requests"], trace)
    if search is not None:
        check_search(search, requests, where)
    check_ramp(load, requests, benchmark.get("duration"), where)
    target = effective.get("target", "rag")
    described = _described(target, where, find_target)
    if target != "rag" and (ours := [key for key in _OF_RAG if key in retrieval]):
        name = target if described is None else described.name
        raise ConfigError(f"{where}: $.retrieval.{ours[0]}: has no meaning with target {name}; target rag has it")
    asks_for_a_model = target == "openai" or (described is not None and "model" in described.uses)
    if asks_for_a_model and not model.get("model_id"):
        name = target if described is None else described.name
        raise ConfigError(f"{path}: $.model.model_id: needed with target {name}: it is the model that is asked for")
    warm = benchmark["warmup_requests"]
    sessions = sessions_from(effective, scripts, described, warmup_requests=warm, where=where)
    if sessions is not None:
        requests = sum(sessions.turns[place % len(sessions.turns)] for place in range(sessions.count))
    made = Workload(
        name=effective["name"],
        version=effective.get("version", "1.0"),
        path=path,
        target=target if described is None else described.name,
        described=described,
        shape=load["shape"],
        requests=requests,
        concurrency=benchmark["concurrency"] if closed else None,
        rate_per_s=load.get("rate_per_s"),
        duration_s=benchmark.get("duration"),
        warmup_requests=benchmark["warmup_requests"],
        timeout_s=float(benchmark["timeout"]),
        max_output_tokens=benchmark["max_output_tokens"],
        trials=benchmark["trials"] if until is None else until.max_trials,
        until=until,
        search=search,
        cool_down_s=float(benchmark["cool_down"]),
        seed=benchmark["seed"],
        k=retrieval["k"],
        docset=retrieval["docset"],
        retrieval_mode=retrieval.get("mode"),
        candidates=retrieval.get("candidates"),
        rerank=retrieval.get("rerank"),
        filter=retrieval.get("filter", {}),
        passage_texts=retrieval.get("passage_texts", False),
        model_id=model.get("model_id"),
        dtype=model.get("dtype"),
        body=_body(effective, described, path),
        request=body_from(effective, described, max_tokens=benchmark["max_output_tokens"], where=where),
        lengths=lengths_from(effective, where),
        tokenizer=tokenizer,
        sessions=sessions,
        leaving=leaving_from(effective, where),
        prompts=own or tuple(prompts),
        prompt_order=effective.get("prompt_order", "round_robin"),
        goodput=effective.get("goodput", {}),
        slo=tuple(effective.get("slo", ())),
        manifest=effective,
        overrides=overrides,
        sha256=_sha256(
            effective, benchmark, load, retrieval, own or tuple(prompts), trace, described, tokenizer, scripts
        ),
        end_rate_per_s=load.get("end_rate_per_s"),
        burstiness=load.get("burstiness", 1.0),
        burst_size=load.get("burst_size", 1),
        rates_per_s=tuple(load.get("rates_per_s", ())),
        trace=sped_up(trace, load.get("speedup", 1.0)),
        caches=caches_from(effective, where, takes_salt=described is None or "cache_salt" in described.uses),
        notices=notices,
    )
    if described is not None:
        asking_of(described.document, f"{where}: $.target").request(target_values(made))  # raises for a bad path
    return made


def target_values(workload: Workload) -> Mapping[str, Any]:
    """What the placeholders of a described target stand for in every request of a workload."""
    return {
        "k": workload.k,
        "docset": workload.docset,
        "max_tokens": workload.max_output_tokens,
        "model": workload.model_id,
        "seed": workload.seed,
        **workload.request.placeholders(workload.max_output_tokens),
    }


def _described(target: str | Mapping[str, Any], where: str, find_target: FindTarget | None) -> TargetDescription | None:
    """None of a built-in one. Raises ConfigError."""
    if target in BUILT_IN:
        return None
    if find_target is None:
        raise ConfigError(f"{where}: $.target: {target!r} is not one of {', '.join(BUILT_IN)}")
    return find_target(target, where=where)


def _body(effective: Mapping[str, Any], described: TargetDescription | None, path: str) -> Mapping[str, Any]:
    """Keys of the body of each request. Raises ConfigError for those that the load itself decides on."""
    body: Mapping[str, Any] = effective.get("model", {}).get("body", {})
    if body and described is not None:
        raise ConfigError(f"{path}: $.model.body: has no meaning with target {described.name}: write $.target.body")
    if body and effective.get("target", "rag") != "openai":
        raise ConfigError(f"{path}: $.model.body: has no meaning without target openai")
    if taken := [key for key in OWN_KEYS if key in body]:
        raise ConfigError(f"{path}: $.model.body.{taken[0]}: {', '.join(OWN_KEYS)} cannot be replaced")
    if several := next((key for key in ("n", "best_of") if body.get(key) not in (None, 1)), None):
        raise ConfigError(f"{path}: $.model.body.{several}: {body[several]!r}: a request has one answer; write 1")
    return body


def _requests(written: Mapping[str, Any], default: int, trace: Sequence[TracedRequest]) -> int:
    """A trace is replayed as far as the manifest asks, and whole when it does not."""
    return min(written.get("requests", len(trace)), len(trace)) if trace else default


def _check_trials(effective: Mapping[str, Any], where: str) -> None:
    benchmark = effective.get("benchmark")
    if "until" in effective and isinstance(benchmark, Mapping) and "trials" in benchmark:
        raise ConfigError(
            f"{where}: $.benchmark.trials: {benchmark['trials']!r} has no meaning with $.until; "
            "write $.until.max_trials"
        )


def _override(document: Mapping[str, Any], settings: Sequence[Setting]) -> tuple[dict[str, Any], tuple[Override, ...]]:
    effective: dict[str, Any] = json.loads(json.dumps(document))
    overrides = []
    for setting in settings:
        section, _, key = setting.key.rpartition(".")
        holder = effective.setdefault(section, {}) if section else effective
        written = _taken(holder, key)
        overrides.append(Override(key=setting.key, manifest=written, used=setting.value, origin=setting.origin))
        holder[key] = setting.value
    return effective, tuple(overrides)


def _taken(holder: dict[str, Any], key: str) -> Any:
    """What the manifest has in its place. Prompts of its own would stand beside those of a file."""
    return holder.pop("prompts", holder.get(key)) if key == "prompts_file" else holder.get(key)


def _sha256(
    effective: Mapping[str, Any],
    benchmark: Mapping[str, Any],
    load: Mapping[str, Any],
    retrieval: Mapping[str, Any],
    prompts: Sequence[Prompt],
    trace: Sequence[TracedRequest],
    described: TargetDescription | None,
    tokenizer: TokenizerFile | None,
    scripts: Scripts,
) -> str:
    asked = {key: value for key, value in effective.items() if key not in judging_keys and key != "prompts_file"}
    asked["benchmark"] = {key: value for key, value in benchmark.items() if key not in pacing_keys}
    asked["load"] = {key: value for key, value in load.items() if key != "trace_file"}
    asked["retrieval"] = retrieval
    if described is not None:
        asked["target"] = described.sha256
    if tokenizer is not None:
        asked["model"] = {**effective["model"], "tokenizer": tokenizer.sha256}
    if "sessions" in effective:
        asked["sessions"] = {**effective["sessions"], "file": None, "turns": [len(script) for script in scripts]}
    asked["prompts"] = [prompt.text for prompt in prompts]
    if trace:
        asked["trace"] = [(each.at_s, each.lengths.input_tokens, each.lengths.output_tokens) for each in trace]
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
