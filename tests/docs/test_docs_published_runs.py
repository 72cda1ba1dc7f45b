"""The worked example of published runs is what the code computes today."""

from tests.docs.pages import rows
from tools.write_published_example import LAST_DAY, PAGE, claims, compared, page, runs


def test_the_tables_of_the_page_are_computed_from_the_published_figures() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run python -m tools.write_published_example"


def test_all_60_runs_are_there_and_the_published_medians_come_out() -> None:
    assert [len(run.trials.trials) for run in runs(day=None, interleaved=False)] == [20, 20, 20]
    medians = {row[0]: row[1:] for row in rows(PAGE) if len(row) == 4 and "ms" in row[1]}
    assert [cell.partition(" ")[0] for cell in medians["TTFT p50"]] == ["4,556", "1,518", "2,325"]
    assert [cell.partition(" ")[0] for cell in medians["TTFT p95"]] == ["9,410", "6,497", "6,391"]
    assert [cell.partition(" ")[0] for cell in medians["e2e p50"]] == ["14,245", "15,023", "15,968"]
    assert [cell.partition(" ")[0] for cell in medians["TPOT p50"]] == ["37.9", "54.2", "56.6"]
    assert [cell.rpartition(", ")[2] for cell in medians["TTFT p50"]] == ["64 %", "59 %", "37 %"]


def test_of_15_claims_2_survive_as_independent_runs_and_4_as_blocks() -> None:
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in list(claims())[2:]]
    assert len(table) == 15
    assert [sum(" by " in row[column] for row in table) for column in (3, 4)] == [2, 4]


def test_no_claim_about_the_first_token_survives() -> None:
    for interleaved in (False, True):
        for pair in compared(day=LAST_DAY, interleaved=interleaved).pairs:
            assert all("not decidable" in at.sentence for at in pair.metrics if at.metric == "ttft_ms")
