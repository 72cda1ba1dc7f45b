"""The schema that the service publishes, held against the service by schemathesis: `tox -e openapi`.

Its file name keeps it out of `pytest tests`: it needs a tool of its own. Left out is one check of it,
`positive_data_acceptance`: a schema cannot say which documents there are, or that a text is blank.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.backend.fake_llm import FakeLlm
from tests.backend.running import Backend

TOKEN = "open-sesame"
SEED = "20260101"
EXAMPLES = "25"
TIMEOUT_S = 1800


def test_the_service_does_what_its_schema_says(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_TOKEN=TOKEN, RAG_LOG_LEVEL="error")
    command = [str(Path(sys.executable).with_name("st")), "run", f"{backend.url}/openapi.json", "--seed", SEED]
    command += ["--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing", "--continue-on-failure"]
    command += ["--exclude-checks", "positive_data_acceptance", "--header", f"Authorization: Bearer {TOKEN}"]
    try:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stdout[-20_000:]
        assert " passed" in done.stdout
        assert backend.http.get("/healthz").status_code == 200
    finally:
        backend.close()
    assert [line for line in backend.logs if "traceback" in line] == []
