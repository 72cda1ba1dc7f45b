"""The identity of k8s/netprobe/access in a namespace of the tests."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.k8s.cluster import apply, attempt, kubectl, moved
from tests.k8s.manifests import netprobe
from tests.waiting import wait_until

ACCOUNT = "netprobe-launcher"
CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")
TOKEN_TIMEOUT_S = 30


@contextmanager
def prober(namespace: str) -> Iterator[str]:
    """Its user name. Backend and LLM are in the same namespace; cluster-wide roles get a name that nobody has."""
    manifests = moved(netprobe("access"), namespace)
    mine = f"netprobe-nodes-{namespace}"
    for manifest in manifests:
        if manifest["kind"] in CLUSTER_WIDE:
            manifest["metadata"]["name"] = mine
            manifest.get("roleRef", {})["name"] = mine
    apply(manifests)
    try:
        yield f"system:serviceaccount:{namespace}:{ACCOUNT}"
    finally:
        kubectl("delete", "clusterrole,clusterrolebinding", mine)


def token(namespace: str, account: str = "default") -> str:
    """Of a service account. Clusters before 1.24 make a Secret of it by themselves."""
    made = attempt("-n", namespace, "create", "token", account)
    if made.returncode == 0:
        return made.stdout.strip()

    def of_a_secret() -> str | None:
        for secret in json.loads(kubectl("-n", namespace, "get", "secrets", "-o", "json"))["items"]:
            owner = secret["metadata"].get("annotations", {}).get("kubernetes.io/service-account.name")
            if secret["type"] == "kubernetes.io/service-account-token" and owner == account:
                return base64.b64decode(secret["data"]["token"]).decode()
        return None

    return wait_until(of_a_secret, TOKEN_TIMEOUT_S, every_s=0.2, why=lambda: f"a token of the account {account}")
