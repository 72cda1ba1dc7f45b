"""The environments of `odd_environments`: what a shell does before a command is done in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Environment:
    """prelude: done by bash before the command, in its folder `$WORK`, with `$TMPDIR`. start, end: around the command.
    needs_root: it has a mount namespace of its own. is_mute: nothing that is said can be seen. programs: what it needs.
    """

    name: str
    prelude: str = ""
    start: str = ""
    end: str = ""
    needs_root: bool = False
    is_mute: bool = False
    programs: tuple[str, ...] = ()


_LINE = 'printf -v line "%q " "$@"; set -- script -qec "$line" /dev/null'


def _root(name: str, prelude: str, start: str = "", programs: tuple[str, ...] = ()) -> Environment:
    return Environment(name, f"set -e\n{prelude}\nset +e", start, needs_root=True, programs=programs)


SETPRIV = ("setpriv",)
_TMPFS = "mkdir -p {0}; mount -t tmpfs -o {1} tmpfs {0}"
_FULL = _TMPFS.format('"$WORK/reports"', "size=16k")
_WHOLE = 'mkdir "$WORK.new"; mount -t tmpfs -o {} tmpfs "$WORK.new"; cp mine.yaml *.jsonl "$WORK.new"; cd "$WORK.new"'
_FILLED = 'head -c 4k /dev/zero >"{}/filler"'
_READ_ONLY = "mount --bind {0} {0}; mount -o remount,bind,ro {0}"
_USER = "setpriv --reuid=65534 --regid=65534 --clear-groups "

DISKS = (
    _root("reports on a full disk", _FULL),
    _root("a full disk", _WHOLE.format("size=400k") + "; head -c 1M /dev/zero >filler || true"),
    _root("no inode left", _WHOLE.format("nr_inodes=5")),
    _root(
        "temporary files on a full disk",
        _TMPFS.format('"$TMPDIR"', "size=4k") + '; head -c 8k /dev/zero >"$TMPDIR/x" || rm -f none',
    ),
    _root("a read-only folder", _READ_ONLY.format('"$WORK"') + '; cd "$WORK"'),
    _root("everything read-only", "mount -o remount,bind,ro /"),
    _root("no /dev/shm", "mount -t tmpfs -o ro,size=4k tmpfs /dev/shm"),
    _root("no /proc", "mount -t tmpfs tmpfs /proc"),
    _root("no network, not even loopback", "", "unshare --net "),
    _root("a user without rights", 'chmod -R a+rX,go-w "$WORK"', _USER, SETPRIV),
    _root(
        "a user without a name",
        'chmod -R a+rwX "$WORK" "$TMPDIR"; unset HOME',
        _USER.replace("65534", "54321"),
        ("setpriv",),
    ),
    _root(
        "no process more",
        'chmod -R a+rwX "$WORK" "$TMPDIR"; ulimit -u 1',
        _USER.replace("65534", "54322"),
        ("setpriv",),
    ),
    Environment("reports is a file", "echo words >reports; echo words >again; echo words >copied"),
    Environment("reports is a link to nowhere", "ln -s /nowhere/at/all reports; ln -s /nowhere/at/all again"),
    Environment("files of 0 bytes", "ulimit -f 0"),
    Environment("files of 4 KiB", "ulimit -f 4"),
)
HOMES = (
    Environment("no HOME", "unset HOME"),
    Environment("HOME is nowhere", "export HOME=/nowhere"),
    Environment("HOME is empty", "export HOME="),
    Environment("TMPDIR is nowhere", "export TMPDIR=/nowhere"),
    Environment("TMPDIR is a file", 'export TMPDIR="$WORK/mine.yaml"'),
    Environment("TMPDIR is relative", "mkdir t; export TMPDIR=t"),
    Environment("an empty environment", 'set -- env -i "PYTHONPATH=$PYTHONPATH" "$@"'),
    Environment("no PATH", "export PATH="),
)
LIMITS = (
    *(Environment(f"{count} files", f"ulimit -n {count}") for count in (8, 16, 32, 64, 256)),
    *(Environment(f"{size} MB of addresses", f"ulimit -v {size * 1024}") for size in (60, 200, 500)),
    Environment("60 MB of data", f"ulimit -d {60 * 1024}"),
    Environment("200 MB of data", f"ulimit -d {200 * 1024}"),
    Environment("a stack of 256 KiB", "ulimit -s 256"),
    Environment("one CPU", start="taskset -c 0 ", programs=("taskset",)),
    Environment("niceness 19", start="nice -n 19 "),
    Environment("umask 077", "umask 077"),
    Environment("umask 777", "umask 777"),
)
_LONG = "/".join(["f" * 200] * 16)
PLACES = (
    Environment("a folder with spaces and quotes", """mkdir "a b'c\\"d"; cp *.yaml *.jsonl a*; cd a*"""),
    Environment("a folder with a newline", "mkdir $'a\\nb'; cp *.yaml *.jsonl a*; cd a*"),
    Environment("a folder that is no UTF-8", "mkdir $'a\\xff\\xfe'; cp *.yaml *.jsonl a*; cd a*"),
    Environment("a folder with signs", "mkdir 'a%20#?&<b>[c]{d}'; cp *.yaml *.jsonl a*; cd a*"),
    Environment("a folder in Turkish", "mkdir 'İıŞş ölçüm'; cp *.yaml *.jsonl İ*; cd İ*"),
    Environment("a path of 3,200 characters", f"mkdir -p {_LONG}; cp *.yaml *.jsonl {_LONG}; cd {_LONG}"),
    Environment("a working folder that is gone", 'mkdir gone; cd gone; rmdir "$WORK/gone"'),
)
LOCALES = (
    *(
        Environment(f"LC_ALL={name}", f"export LC_ALL={name}")
        for name in ("C", "POSIX", "tr_TR.UTF-8", "xx_YY.ISO-8859-9")
    ),
    Environment("no locale", "unset LC_ALL LANG LC_CTYPE LANGUAGE"),
    Environment("ASCII alone", "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"),
    Environment("PYTHONIOENCODING=ascii", "export PYTHONIOENCODING=ascii"),
    Environment("PYTHONIOENCODING=cp1254", "export PYTHONIOENCODING=cp1254"),
)
TERMINALS = (
    Environment("a terminal", _LINE, programs=("script",)),
    Environment(
        "a dumb terminal",
        'export TERM=dumb; printf -v line "%q " "$@"; set -- script -qec "$line" /dev/null',
        programs=("script",),
    ),
    Environment("TERM=nonsense", "export TERM=nonsense"),
    Environment("no TERM", "unset TERM"),
    *(Environment(f"COLUMNS={value}", f"export COLUMNS={value}") for value in ("1", "0", "-3", "many")),
    Environment("colours forced", "export FORCE_COLOR=1 CLICOLOR_FORCE=1 PY_COLORS=1"),
)
STREAMS = (
    Environment("no standard input", end=" <&-"),
    Environment("no standard output", end=" >&-"),
    Environment("no standard error", end=" 2>&-", is_mute=True),
    Environment("no stream at all", end=" <&- >&- 2>&-", is_mute=True),
    Environment("output to head -1", end=" | head -1; exit ${PIPESTATUS[0]}"),
    Environment("output to nobody", end=" 2>&1 | true; exit ${PIPESTATUS[0]}", is_mute=True),
    Environment("output to a full device", end=" >/dev/full"),
    Environment("both outputs to a full device", end=" >/dev/full 2>&1", is_mute=True),
    Environment("endless input", end=" </dev/zero"),
)
CLOCKS = (
    *(Environment(f"TZ={zone}", f"export TZ={zone}") for zone in ("Pacific/Kiritimati", "nonsense", ":", "XXX+24")),
    _root("a machine that was started 30 years ago", "", "unshare --time --boottime 946080000 --monotonic 946080000 "),
    Environment("SOURCE_DATE_EPOCH=0", "export SOURCE_DATE_EPOCH=0"),
)
SIGNALS = (
    Environment("SIGINT ignored, as after & in a script", "trap '' INT"),
    Environment("SIGCHLD ignored", "trap '' CHLD"),
    Environment("SIGPIPE as the system has it", start="env --default-signal=PIPE "),
    Environment("all ignored, as under nohup", "trap '' HUP TERM INT PIPE"),
)
PYTHONS = (
    *(
        Environment(setting, f"export {setting}")
        for setting in (
            "PYTHONHASHSEED=0",
            "PYTHONOPTIMIZE=2",
            "PYTHONDEVMODE=1",
            "PYTHONUNBUFFERED=1",
            "PYTHONSAFEPATH=1",
            "PYTHONWARNINGS=error",
            "PYTHONNODEBUGRANGES=1",
            "PYTEST_ADDOPTS=-q",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1",
            "http_proxy=http://127.0.0.1:9",
            "ALL_PROXY=socks5://127.0.0.1:9",
        )
    ),
)  # fmt: skip
ENVIRONMENTS = (
    *DISKS, *HOMES, *LIMITS, *PLACES, *LOCALES, *TERMINALS, *STREAMS, *CLOCKS, *SIGNALS, *PYTHONS,
)  # fmt: skip
