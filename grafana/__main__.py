"""Write dashboards/*.json and rules/*.yaml beside this file, and the rules into the manifests of a cluster."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from grafana.boards.board import board_json
from grafana.boards.everything import boards
from grafana.prices import hourly_prices
from grafana.rules import alerting_rules, operator_rules, recording_rules

HERE = Path(__file__).resolve().parent
COMPONENTS = HERE.parent / "k8s" / "components"


def generated() -> Mapping[Path, str]:
    """The text of every generated file, by its path."""
    prices = hourly_prices(HERE.parent / "fixtures" / "providers")
    dashboards = {HERE / "dashboards" / f"{board.uid}.json": board_json(board) for board in boards(prices)}
    rules = {"recording.yaml": recording_rules(), "alerts.yaml": alerting_rules()}
    # kustomize reads no file outside its folder, and a cluster is set up from k8s alone.
    folders = (HERE / "rules", COMPONENTS / "prometheus" / "rules")
    plain = {folder / name: text for folder in folders for name, text in rules.items()}
    return dashboards | plain | {COMPONENTS / "monitoring" / "rules.yaml": operator_rules()}


def main() -> None:
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
