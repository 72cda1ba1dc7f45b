"""``ragmeter site`` and ``ragmeter history --html``: what is written where, from files as commands write them."""

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from ragmeter.cli import main
from tests.report.pages import Element, parsed
from tests.saved import saved_run, write_raw

FOREIGN = Path(__file__).parents[2] / "core" / "compare" / "foreign" / "guidellm-0.8.1.json"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs and their comparison, a result beside a raw record, trials, a cut result beside its raw record, and a
    file that is empty.
    """
    folder = tmp_path_factory.mktemp("all") / "my reports"
    six = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]
    one = write_raw(folder / "one", saved_run("one", six, run_id="../../one"))
    two = write_raw(folder / "two", saved_run("two", [0.7 * at for at in six], seed=2, run_id="../../one"))
    cut = write_raw(folder / "cut", saved_run("cut", [1.0], seed=3, run_id="<b>"))
    main(["render", str(one), "--json", str(folder / "one" / "one.json"), "--html", str(folder / "one" / "one.html")])
    cut.with_name("cut.json").write_text((folder / "one" / "one.json").read_text(encoding="utf-8")[:999])
    (folder / "empty.json").write_text("")
    main(["import", str(FOREIGN), "--provider=gcp", "--out", str(folder / "gcp.trials.json")])
    compared = folder / "one" / "x.comparison.json"
    main(["compare", str(one), str(two), "--json", str(compared), "--html", str(compared.with_suffix(".html"))])
    return folder


def _page(path: Path) -> Element:
    return parsed(path.read_text(encoding="utf-8"))


def _links(page: Element) -> list[str]:
    return [unquote(at.attributes["href"]) for at in page.all("a")]


def _files(folder: Path) -> list[str]:
    return sorted(str(at.relative_to(folder)) for at in folder.rglob("*") if at.is_file())


def test_a_site_has_a_page_for_each_run_and_comparison(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a b" / "site"
    assert main(["site", str(reports), "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out / 'index.html'}: 3 runs, 1 comparison\n"
    assert said.err.count("left out: ") == 2
    pages = ["2026-02-22-b.html", "2026-02-22-one-2.html", "2026-02-22-one.html"]
    assert _files(tmp_path) == [
        f"a b/site/{name}"
        for name in (".ragmeter-site", "comparisons/one-x.html", "index.html", *(f"runs/{page}" for page in pages))
    ]
    for page in out.rglob("*.html"):
        assert all((page.parent / link).is_file() for link in _links(_page(page)))
    index = _page(out / "index.html")
    assert len(_links(index)) == 4
    for told in ("gcp.trials.json", "guidellm", "cut/cut.json", "empty.json"):
        assert told in index.text()
    assert str(reports) not in index.text()
    assert "../index.html" in _links(_page(out / "runs" / pages[0]))


def test_a_site_is_replaced_and_nothing_else(reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "site"
    out.mkdir()
    assert main(["site", str(reports), "-o", str(out)]) == 0
    before = _files(out)
    for mine in ("runs/old.html", "runs/mine.txt", "mine.html"):
        (out / mine).write_text("mine")
    assert main(["site", str(reports), "-o", str(out)]) == 0
    assert _files(out) == sorted([*before, "mine.html", "runs/mine.txt"])
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "index.html").write_text("mine")
    assert main(["site", str(reports), "-o", str(foreign)]) == 2
    assert "is not empty and no site of this command" in capsys.readouterr().err
    assert _files(foreign) == ["index.html"]


def test_nothing_is_written_through_a_link(reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / ".ragmeter-site").touch()
    (out / "runs").symlink_to(elsewhere)
    assert main(["site", str(reports), "-o", str(out)]) == 2
    assert "runs: is a link" in capsys.readouterr().err
    assert _files(elsewhere) == []


def test_the_page_of_a_history_links_what_lies_beside_it(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "deep" / "history.html"
    assert main(["history", str(reports), "--html", str(page)]) == 0
    said = capsys.readouterr()
    assert "1 imported from other tools, for `ragmeter compare`: " in said.out
    links = _links(_page(page))
    assert all((page.parent / link).is_file() for link in links)
    names = [Path(link).name for link in links]
    for name in ("one.html", "one.json", "one.raw.jsonl", "two.raw.jsonl", "x.comparison.html"):
        assert names.count(name) == 1
    assert _page(page).text().count("cut/cut.json") == 1


@pytest.mark.parametrize(
    ("names", "said"),
    [((), "no runs"), (("gcp.trials.json",), "no runs\n1 imported from other tools, for `ragmeter compare`: ")],
    ids=["nothing", "trials alone"],
)
def test_a_folder_without_runs_says_what_it_has(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, ...], said: str
) -> None:
    for name in names:
        (tmp_path / name).write_bytes((reports / name).read_bytes())
    assert main(["history", str(tmp_path)]) == 0
    assert said in capsys.readouterr().out
    assert main(["history", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["site", str(tmp_path), "-o", str(tmp_path / "out")]) == 0
    index = _page(tmp_path / "out" / "index.html")
    assert index.all("h2")[0].text().startswith("No runs.")
    assert [name for name in names if name in index.text()] == list(names)
