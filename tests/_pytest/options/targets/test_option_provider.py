"""--provider."""

from tests._pytest.project import Project, refused


def test_long_name_of_the_option_is_known_too(project: Project) -> None:
    project.run("--bench-provider=./mine.yaml", provider=None).assert_outcomes(passed=1)


def test_several_providers_are_measured_in_blocks_whose_order_is_drawn(project: Project) -> None:
    for name in ("east", "west"):
        project.provider(name)
    outcome = project.run("--provider=./west.yaml", "--bench-trials=6", "--bench-warmup=1", provider="./east.yaml")
    outcome.assert_outcomes(passed=2)
    parts = {name: project.lines("part", name) for name in ("east", "west")}
    for name, own in parts.items():
        assert [(part["name"], part["trial"], part["whole"]) for part in own] == [
            ("warmup", 0, True),
            *(("measured", trial, True) for trial in range(6)),
        ], name
    places = [(east["position"], west["position"]) for east, west in zip(parts["east"], parts["west"], strict=True)]
    assert set(places[1:]) == {(0, 1), (1, 0)}
    assert [place[::-1] for place in places[1::2]] == places[2::2]


def test_both_providers_are_asked_the_same_in_a_block(project: Project) -> None:
    for name in ("east", "west"):
        project.provider(name)
    project.workload(prompts=[f"Question {n}?" for n in range(20)], prompt_order="random")
    project.run("--provider=./west.yaml", "--bench-trials=2", "--bench-requests=5", provider="./east.yaml")
    east, west = (
        [(s["trial"], s["index"], s["prompt_index"]) for s in project.lines("sample", name)]
        for name in ("east", "west")
    )
    assert sorted(east) == sorted(west)
    assert len({prompt for _, _, prompt in east}) == 10


def test_several_providers_are_compared_on_the_screen_as_json_and_as_a_page(project: Project) -> None:
    project.provider("quick")
    project.provider("slow", script="slow")
    outcome = project.run(
        "--provider=./slow.yaml",
        "--bench-trials=5",
        "--bench-requests=12",
        "--bench-concurrency=6",
        provider="./quick.yaml",
    )
    outcome.assert_outcomes(passed=2)
    (pair,) = project.comparison()["pairs"]
    ttft = next(at for at in pair["metrics"] if (at["metric"], at["statistic"]) == ("ttft_ms", "p50"))
    assert (pair["a"], pair["b"], pair["blocks"]) == ("quick", "slow", 5)
    assert ttft["decision"] == "A_BETTER"
    outcome.stdout.fnmatch_lines(["*quick (A) and slow (B)*", "*slow slower by *% [[]*[]] than quick*"])
    outcome.stdout.fnmatch_lines(["*quick+slow/*.comparison.html", "*quick+slow/*.comparison.json"])
    (page,) = project.reports.glob("ns/quick+slow/*.comparison.html")
    assert "slow slower by" in page.read_text(encoding="utf-8")


def test_several_providers_have_one_page_and_a_folder_each(project: Project) -> None:
    for name in ("east", "west"):
        project.provider(name)
    outcome = project.run("--provider=./west.yaml", provider="./east.yaml")
    outcome.assert_outcomes(passed=2)
    assert [result["run_metadata"]["provider"] for result in project.results()] == ["east", "west"]
    assert sorted(path.name for path in project.reports.joinpath("ns").iterdir()) == ["east", "east+west", "west"]
    assert len(list(project.reports.glob("ns/east+west/*Z.html"))) == 1


def test_provider_that_cannot_be_measured_leaves_the_others(project: Project) -> None:
    project.provider("broken", script="http_500")
    project.provider("fine")
    outcome = project.run("--provider=./fine.yaml", "--bench-warmup=2", "--bench-trials=2", provider="./broken.yaml")
    outcome.assert_outcomes(passed=1, failed=1)
    outcome.stdout.fnmatch_lines(["*broken-tiny: all 2 warm-up requests failed*"])
    broken, fine = project.results()
    assert (broken["status"], fine["status"], fine["measured_requests"]) == ("interrupted", "complete", 4)


def test_environment_takes_several_with_commas(project: Project) -> None:
    project.provider("other")
    project.env(RAGMETER_PROVIDER="./mine.yaml, ./other.yaml,")
    project.run(provider=None).assert_outcomes(passed=2)


def test_provider_is_found_by_its_name_in_the_projects_own_folder(project: Project) -> None:
    folder = project.pytester.mkdir("fixtures") / "providers"
    folder.mkdir()
    (project.pytester.path / "mine.yaml").rename(folder / "mine.yaml")
    project.run(provider="mine").assert_outcomes(passed=1)
    assert project.result()["metadata_origins"]["provider"] == "this run"


def test_unknown_provider_lists_the_known_ones(project: Project) -> None:
    outcome = project.run(provider="lk")
    refused(project, outcome, "unknown provider 'lk'; known: akamai-lke, aws-eks, gcp-gke, local")


def test_file_that_is_not_there_lists_the_known_names(project: Project) -> None:
    refused(
        project, project.run(provider="./nowhere.yaml"), "provider './nowhere.yaml': no such file; known: akamai-lke"
    )


def test_two_files_with_one_name_are_refused(project: Project) -> None:
    project.write("copy.yaml", {"schema": "provider.v1", "name": "mine", "base_url": "http://127.0.0.1:1"})
    outcome = project.run("--provider=./copy.yaml")
    refused(project, outcome, "two provider files have the name 'mine'")


def test_misspelt_key_names_file_path_and_the_right_one(project: Project) -> None:
    project.write("mine.yaml", {"schema": "provider.v1", "name": "mine", "base_ulr": "http://127.0.0.1:1"})
    refused(project, project.run(), "mine.yaml: $.base_ulr: unknown key; did you mean 'base_url'? allowed:")


def test_environment_reference_that_is_not_set_is_named(project: Project) -> None:
    project.write("mine.yaml", {"schema": "provider.v1", "name": "mine", "base_url": "${NOBODY_SET_THIS}"})
    refused(project, project.run(), "mine.yaml: $.base_url", "NOBODY_SET_THIS is not set", "--base-url URL")


def test_slo_of_the_provider_that_cannot_be_parsed_names_the_file(project: Project) -> None:
    project.provider(slo=["p95(tftt_ms) <= 5"])
    refused(project, project.run(), "mine.yaml: SLO 'p95(tftt_ms) <= 5'", "did you mean ttft_ms")


def test_help_is_given_whatever_the_provider(project: Project) -> None:
    project.env(RAGMETER_PROVIDER="nobody")
    outcome = project.run("--help", provider=None)
    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(["ragmeter: the ten options that matter first:", "*--provider*", "*--bench-slo*"])
