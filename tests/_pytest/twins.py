"""What holds for every option that replaces a manifest value."""

from dataclasses import dataclass
from typing import Any

from tests._pytest.project import Project, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """An option with its ini and environment twins.

    manifest: what the manifest of the test has at ``key``. option, environment, ini: three other values.
    with_it: further options without which these values mean nothing.
    """

    name: str
    key: str
    manifest: Any
    option: Any
    environment: Any
    ini: Any
    with_it: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "RAGMETER_" + self.name.removeprefix("bench_").upper()

    def used(self, project: Project, *, option: bool, environment: bool, ini: bool) -> dict[str, Any]:
        """Run with those that are wanted; the result, after checking that it names the value that won."""
        if ini:
            project.ini(**{self.name: self.ini})
        if environment:
            project.env(**{self.variable: self.environment})
        outcome = project.run(*self.with_it, *([f"{self.flag}={self.option}"] if option else []))
        outcome.assert_outcomes(passed=1)
        result = project.result()
        won = [
            (self.option, self.flag),
            (self.environment, f"environment {self.variable}"),
            (self.ini, f"ini {self.name}"),
        ][0 if option else 1 if environment else 2]
        recorded = next(override for override in result["overrides"] if override["key"] == self.key)
        assert recorded == {"key": self.key, "manifest": self.manifest, "used": won[0], "origin": won[1]}
        section, key = self.key.split(".")
        assert result["workload"][section][key] == won[0]
        return result

    def hold(self, project: Project) -> None:
        """option > environment > ini > manifest, in one project."""
        for option, environment, ini in ((False, False, True), (False, True, True), (True, True, True)):
            self.used(project, option=option, environment=environment, ini=ini)
            project.forget()

    def refuse(self, project: Project, value: str, *words: str) -> None:
        """A bad value is refused wherever it comes from, by a sentence that says where."""
        refused(project, project.run(*self.with_it, f"{self.flag}={value}"), self.flag, *words)
        project.env(**{self.variable: value})
        refused(project, project.run(*self.with_it), f"environment {self.variable}", *words)
        project.patch.delenv(self.variable)
        project.ini(**{self.name: value})
        refused(project, project.run(*self.with_it), f"ini {self.name}", *words)
