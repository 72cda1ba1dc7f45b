"""Simulates everything and writes the tables into the documentation: ``python -m experiments.truth``.

Some minutes on one core. ``--runs`` says how often each case is simulated: with 2,000 a coverage is known to half a
per cent.
"""

import argparse
from pathlib import Path

from experiments.truth.tables import coverage_table, false_alarm_table, power_table
from tools.tables import with_table

PAGE = Path(__file__).parents[2] / "docs" / "explanation-statistics.md"
TABLES = {"coverage": coverage_table, "false alarms": false_alarm_table, "power": power_table}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    for name, table in TABLES.items():
        lines = []
        for line in table(runs):
            print(line, flush=True)
            lines.append(line)
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), name, lines), encoding="utf-8")


if __name__ == "__main__":
    main()
