"""Which probe a run refers to."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ragmeter.core.codec import to_json
from ragmeter.core.errors import ConfigError
from ragmeter.core.netprobe.document import Netprobe
from ragmeter.run.plan.probes import MAX_AGE, find_netprobe
from tests.netprobe.documents import pair, probe

NOW = datetime(2026, 2, 22, 12, tzinfo=UTC)


def saved(folder: Path, name: str, result: Netprobe) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(to_json(result))
    return path


def asked(folder: Path, what: str | None, *, now: datetime = NOW) -> tuple[Netprobe, str] | None:
    return find_netprobe(what, provider="akamai-lke", folder=folder, now=now)


def test_the_latest_of_the_provider_is_taken(tmp_path: Path) -> None:
    saved(tmp_path, "20260222T090000Z", probe(pair(), duration_s=1.0))
    saved(tmp_path, "20260222T100000Z", probe(pair(), duration_s=2.0))
    saved(tmp_path, "20260222T100000Zx2", probe(pair(), duration_s=3.0))
    found = asked(tmp_path, None)
    assert found is not None
    assert found[0].duration_seconds == 3.0
    assert found[1].endswith("20260222T100000Zx2.json")
    assert found == asked(tmp_path, "latest")


def test_what_is_old_off_or_absent_is_not_taken(tmp_path: Path) -> None:
    assert asked(tmp_path / "none", None) is None
    saved(tmp_path, "a", probe(pair()))
    assert asked(tmp_path, None, now=NOW + MAX_AGE) is None
    assert asked(tmp_path, "off") is None


def test_a_file_that_is_named_is_taken_whatever_its_age(tmp_path: Path) -> None:
    path = saved(tmp_path, "a", probe(pair()))
    assert asked(tmp_path / "elsewhere", str(path), now=NOW + 9 * MAX_AGE) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("{}", r"\$: .* is missing"),
        (to_json(probe(pair(), provider="aws-eks")), r"\$\.provider: 'aws-eks' is not 'akamai-lke'"),
        (to_json(probe(pair())).replace('"gbps":4.0', '"gbps":0.0').replace('"gbps": 4.0', '"gbps": 0.0'), "gbps"),
    ],
    ids=["not JSON", "no probe", "of another provider", "a zero"],
)
def test_a_file_that_is_no_probe_of_it_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"a.json: .*{words}"):
        asked(tmp_path, str(path))
