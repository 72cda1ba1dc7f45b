"""`cache:` of a manifest: what can be declared, and what cannot be made."""

from typing import Any

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.cache import CacheState, DeclaredCaches, state_of
from tests.core.inputs.test_workload import made, setting


@pytest.mark.parametrize(
    ("cache", "declared", "state"),
    [
        (None, None, "undeclared"),
        ({"kv": "cold"}, DeclaredCaches(kv=CacheState.COLD), "cold"),
        ({"kv": "warm", "answers": "warm"}, DeclaredCaches(kv=CacheState.WARM), "warm"),
        ({"kv": "natural"}, DeclaredCaches(kv=CacheState.NATURAL), "natural"),
        (
            {"kv": "cold", "by": "nonce"},
            DeclaredCaches(kv=CacheState.COLD, by="nonce"),
            "cold",
        ),
    ],
)
def test_states_that_can_be_declared(cache: Any, declared: DeclaredCaches | None, state: str) -> None:
    workload = made(cache=cache)
    assert workload.caches == declared
    assert state_of(workload.caches) == state


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"cache": {}}, r"tiny\.yaml: \$\.cache: .*'kv'"),
        ({"cache": {"kv": "hot"}}, r"\$\.cache\.kv: 'hot' is not one of"),
        ({"cache": {"kv": "cold", "salt": 1}}, r"\$\.cache\.salt: unknown key"),
        ({"cache": {"kv": "cold", "by": "hope"}}, r"\$\.cache\.by: 'hope' is not one of"),
        ({"cache": {"kv": "cold", "answers": "warm"}}, r"\$\.cache\.answers: 'warm' cannot be made beside .*'cold'"),
        ({"cache": {"kv": "warm", "by": "nonce"}}, r"\$\.cache\.by: 'nonce' has no meaning with \$\.cache\.kv 'warm'"),
        (
            {
                "cache": {"kv": "cold"},
                "target": "openai",
                "model": {"model_id": "m", "body": {"cache_salt": "one"}},
            },
            r"\$\.model\.body\.cache_salt: 'one' is the same in each request",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        made(**keys)


def test_an_option_declares_what_the_manifest_does_not() -> None:
    workload = made([setting("cache.kv", "warm", "--bench-cache-kv")])
    assert state_of(workload.caches) == "warm"
    assert (workload.overrides[0].manifest, workload.overrides[0].used) == (None, "warm")
    with pytest.raises(ConfigError, match=r"tiny\.yaml with --bench-cache-kv: \$\.cache\.kv: 'hot' is not one of"):
        made([setting("cache.kv", "hot", "--bench-cache-kv")])


def test_the_state_is_no_part_of_the_hash_and_has_a_field_of_its_own() -> None:
    assert made(cache={"kv": "cold"}).sha256 == made().sha256
