"""What a reader brings: files that no page can show."""

import json

from tests.core.compare.test_importers import DOCUMENTS
from tests.core.cost_configs import CONFIG, result_of
from tests.core.inputs.test_prompt_files import SQUAD
from tests.core.inputs.test_unversioned import ORIGINAL
from tests.run.http_fake import Answer

RUN = DOCUMENTS["rag-demo"]

LEAVE = """# Leave

A leave request is a form that an employee sends to the team lead. If a request is refused, the team lead gives a
reason.

## Days

The calendar of the office contains the holidays of the year. An employee has 28 days of leave.

## Illness

If an illness lasts three days, the personnel office needs a note of a doctor. A sick note is a paper of one page.
"""
EXPENSES = """# Expenses

An expense report is a list of receipts. The travel desk refunds a report within ten days, because banks are slow.

## Trains

To book a train, use the travel portal of the company. Without a portal account, the travel desk books the train.

## Hotels

The hotel list names partner hotels of the company. When a partner hotel is full, another hotel is allowed.
"""
"""Documents of a reader's own."""


def _run(provider: str, number: int) -> str:
    figures = {"ttft_p50_ms": 4000.0 + 10 * number + len(provider), "tpot_p50_ms": 50.0 + number}
    return json.dumps(RUN | figures | {"run_metadata": RUN["run_metadata"] | {"provider": provider}})


GIVEN = {
    f"{provider.partition('-')[2]}-{number}.json": _run(provider, number)
    for provider in ("akamai-lke", "aws-eks")
    for number in range(1, 6)
} | {
    "workload.yaml": ORIGINAL,
    "cost-config.yaml": CONFIG,
    "dev-v2.0.json": json.dumps(SQUAD),
    "handbook/leave.md": LEAVE,
    "handbook/expenses.md": EXPENSES,
    "benchmarks/ns/akamai-lke/2026-02-22T101530Z.json": json.dumps(result_of("akamai-lke", 126453, 120.407)),
}
"""Files of other tools, by the names that pages give them."""

CLUSTER = {
    "/version/": Answer(
        body={"major": "1", "minor": "34", "gitVersion": "v1.34.1", "platform": "linux/amd64"}
        | dict.fromkeys(("buildDate", "compiler", "gitCommit", "gitTreeState", "goVersion"), "")
    ),
    "/api/v1/nodes": Answer(
        body={
            "kind": "NodeList",
            "apiVersion": "v1",
            "metadata": {},
            "items": [{"metadata": {"name": "n"}, "status": {}}],
        }
    ),
}
"""A cluster that lists its nodes and no more."""


def kubeconfig(cluster: str) -> str:
    """With the contexts that pages name, all of the cluster at that URL."""
    user = {"name": "me", "user": {"token": "s3cret"}}
    contexts = [
        {"name": name, "context": {"cluster": "my-cluster", "user": "me"}} for name in ("my-cluster", "my-eks-context")
    ]
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "my-cluster", "cluster": {"server": cluster}}],
            "users": [user],
            "contexts": contexts,
            "current-context": "my-cluster",
        }
    )
