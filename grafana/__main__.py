"""Write dashboards/*.json and rules/*.yaml beside this file."""

from collections.abc import Mapping
from pathlib import Path

from grafana.boards.board import board_json
from grafana.boards.everything import boards
from grafana.prices import hourly_prices
from grafana.rules import alerting_rules, recording_rules

HERE = Path(__file__).resolve().parent


def generated() -> Mapping[Path, str]:
    """The text of every generated file, by its path."""
    prices = hourly_prices(HERE.parent / "fixtures" / "providers")
    dashboards = {HERE / "dashboards" / f"{board.uid}.json": board_json(board) for board in boards(prices)}
    rules = {"recording.yaml": recording_rules(), "alerts.yaml": alerting_rules()}
    return dashboards | {HERE / "rules" / name: text for name, text in rules.items()}


def main() -> None:
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
