"""--bench-live."""

from tests._pytest.project import Project


def test_the_session_is_shown_at_an_address_of_this_machine_that_is_gone_at_its_end(project: Project) -> None:
    """The suite reads the page after its load, when the session still runs."""
    project.suite("""
        import json
        import re
        import time
        import urllib.request

        def told(url):
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                lines = json.loads(urllib.request.urlopen(f"{url}series.json").read())["lines"]
                if sum(lines["answered"]) >= 3:
                    return lines
                time.sleep(0.1)
            raise TimeoutError(url)

        def test_load(run_workload, request):
            run_workload()
            live = request.config.pluginmanager.get_plugin("ragmeter.shown")
            assert re.fullmatch(r"http://127\\.0\\.0\\.1:\\d+/", live.url)
            assert sum(told(live.url)["failed"]) == 0
            print("SHOWN", live.url)
    """)
    outcome = project.run("--bench-live", "--bench-requests=4", "-s")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["*live figures at http://127.0.0.1:*/, for this machine alone*"])


def test_nothing_is_shown_unasked(project: Project) -> None:
    outcome = project.run("--bench-requests=2")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.no_fnmatch_line("*live figures*")
