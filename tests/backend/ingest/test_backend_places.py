"""One reading of a URL: no way to write a host leads to an address that was not checked."""

# ruff: noqa: RUF001  # letters that look like others are what this is about

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from backend.ingest.fetch import Fetcher
from backend.ingest.places import RefusedUrlError, read_place

FOUR_NUMBERS = "an IPv4 address, and not written as four decimal numbers"
NO_NAME = "no name"
NO_USER = "not an http or https URL without user name"
PRIVATE = "is not a public address"
RESOLVED = "resolves to 127.0.0.1, which is not a public address"

HOSTS = {
    # as it is written usually
    "127.0.0.1": PRIVATE,
    "127.8.8.8": PRIVATE,
    "0.0.0.0": PRIVATE,
    "10.0.0.1": PRIVATE,
    "169.254.169.254": PRIVATE,
    "[::1]": PRIVATE,
    "[::]": PRIVATE,
    "localhost": RESOLVED,
    # numbers in other forms, as inet_aton reads them
    "2130706433": FOUR_NUMBERS,
    "0x7f000001": FOUR_NUMBERS,
    "0x7F000001": FOUR_NUMBERS,
    "017700000001": FOUR_NUMBERS,
    "0x7f.1": FOUR_NUMBERS,
    "0x7f.0.0.1": FOUR_NUMBERS,
    "0177.0.0.1": FOUR_NUMBERS,
    "127.1": FOUR_NUMBERS,
    "127.0.1": FOUR_NUMBERS,
    "127.0.0.0x1": FOUR_NUMBERS,
    "127.0.0.01": FOUR_NUMBERS,
    "000127.0.0.1": FOUR_NUMBERS,
    "127.0.0.1.0": FOUR_NUMBERS,
    "256.0.0.1": FOUR_NUMBERS,
    "0": FOUR_NUMBERS,
    "0x": FOUR_NUMBERS,
    "4294967296": FOUR_NUMBERS,
    "example.0x7f": FOUR_NUMBERS,
    # dots at the end
    "127.0.0.1.": PRIVATE,
    "localhost.": RESOLVED,
    "127.0.0.1..": NO_NAME,
    ".127.0.0.1": FOUR_NUMBERS,
    ".localhost": NO_NAME,
    # letters, digits and dots that are mapped to others
    "①②⑦.⓪.⓪.①": PRIVATE,
    "127。0。0。1": PRIVATE,
    "127．0．0．1": PRIVATE,
    "127｡0｡0｡1": PRIVATE,
    "１２７.０.０.１": PRIVATE,
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏": PRIVATE,
    "²130706433": FOUR_NUMBERS,
    "０ｘ７ｆ.1": FOUR_NUMBERS,
    "ｌｏｃａｌｈｏｓｔ": RESOLVED,
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ": RESOLVED,
    "LOCALHOST": RESOLVED,
    "loca\u00adlhost": "at most 4000 characters",
    "local\u200bhost": "at most 4000 characters",
    "٠.٠.٠.٠": NO_NAME,
    "१२७.०.०.१": RESOLVED,
    "localhost℀.com": "not a URL",
    # IPv4 in IPv6
    "[::ffff:127.0.0.1]": PRIVATE,
    "[::ffff:7f00:1]": PRIVATE,
    "[::127.0.0.1]": PRIVATE,
    "[0:0:0:0:0:ffff:a9fe:a9fe]": PRIVATE,
    "[64:ff9b::127.0.0.1]": PRIVATE,
    "[64:ff9b:1::7f00:1]": PRIVATE,
    "[2002:7f00:1::]": PRIVATE,
    "[2001:0:7f00:1::1]": PRIVATE,
    "[2606:4700:0:0:0:5efe:7f00:1]": PRIVATE,
    # other IPv6
    "[fe80::1]": PRIVATE,
    "[fec0::1]": PRIVATE,
    "[fd00:ec2::254]": PRIVATE,
    "[3fff::1]": PRIVATE,
    "[100::1]": PRIVATE,
    "[fe80::1%25eth0]": "zones are not taken",
    "[fe80::1%eth0]": "zones are not taken",
    "[::1": "not a URL",
    "[]": "[]",  # versions of Python differ in who says what is wrong
    "[127.0.0.1]": "[127.0.0.1]",
    "[v1.x]": "[v1.x]",
    "::1": "not a URL",
    # names and ports of other kinds
    "user@127.0.0.1": NO_USER,
    "user:word@1.1.1.1": NO_USER,
    "1.1.1.1@127.0.0.1": NO_USER,
    "@127.0.0.1": NO_USER,
    "1.1.1.1\\@127.0.0.1": "no backslash",
    "127.0.0.1\\.example.com": "no backslash",
    "127.0.0.1%2eexample": NO_NAME,
    "%31%32%37.0.0.1": FOUR_NUMBERS,
    "127.0.0.1%00": NO_NAME,
    "127.0.0.1 ": "no space",
    "127.0.0.1\t": "no space",
    "127.0.0.1\r\nx": "no space",
    "127.0.0.1:0": NO_USER,
    "127.0.0.1:99999": "not a URL",
    "127.0.0.1:x": "not a URL",
    "-localhost": NO_NAME,
    "a" * 64: NO_NAME,
    "a." * 127 + "aa": NO_NAME,
    "": NO_USER,
}
"""What stands between `http://` and `/`, and why it is refused."""


@pytest.fixture
def door() -> Iterator[tuple[int, list[str]]]:
    """A port of 127.0.0.1 and ::1 that notes who comes."""
    came: list[str] = []
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)

    def serve() -> None:
        while True:
            connection, address = listener.accept()
            connection.close()
            if address[1] == ending:
                return
            came.append(address[0])

    ending = 0
    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], came
    with socket.socket() as last:
        last.bind(("127.0.0.1", 0))
        ending = last.getsockname()[1]
        last.connect(("127.0.0.1", listener.getsockname()[1]))
        thread.join(5)
    listener.close()


def every_name_is_here(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
    assert host.isascii()
    return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]


@pytest.mark.parametrize("host", HOSTS)
def test_no_way_to_write_a_host_leads_to_this_machine(
    host: str, door: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", every_name_is_here)
    port, came = door
    at = host if ":" in host.rpartition("]")[2] else f"{host}:{port}"
    with pytest.raises(RefusedUrlError) as caught:
        asyncio.run(Fetcher(max_bytes=1000, timeout_s=5).fetch(f"http://{at}/"))
    assert HOSTS[host] in str(caught.value)
    assert came == []


def forms_of(address: str) -> list[str]:
    """The ways in which programs read an IPv4 address, and in which IPv6 addresses and encodings carry it."""
    a, b, c, d = map(int, address.split("."))
    number = a << 24 | b << 16 | c << 8 | d
    halves = f"{a:02x}{b:02x}:{c:02x}{d:02x}"
    written = [
        *(address, f"{address}.", f"{address}%2e", f"00{address}", f"{256 + a}.{b}.{c}.{d}"),
        *(f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"{a}.{b}.{c << 8 | d}"),
        *(f"{a}.{number & 0xFFFFFF}", str(number), f"0{number:o}", f"0X{number:X}"),
        address.translate({ord(digit): chr(ord("０") + int(digit)) for digit in "0123456789"}),
    ]
    wrapped = [f"::ffff:{address}", f"::ffff:0:{address}", f"::{address}", f"64:ff9b::{halves}", f"64:ff9b:1::{halves}"]
    tunnelled = [f"2002:{halves}::1", f"2001:0:{halves}::", f"2606:4700::5efe:{halves}"]
    return [*written, *(f"[{each}]" for each in (*wrapped, *tunnelled))]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1", "198.18.0.1"),
        *(
            "192.0.0.192",
            "192.88.99.1",
            "192.0.2.1",
            "203.0.113.5",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "0.0.0.1",
        ),
    ],
)
def test_no_form_of_a_private_address_is_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """21 forms of each; a name among them would be this machine's. No socket is made."""
    monkeypatch.setattr(socket, "getaddrinfo", every_name_is_here)
    monkeypatch.setattr(Fetcher, "_socket", lambda _self, info: pytest.fail(f"a socket is made for {info}"))
    for form in forms_of(address):
        with pytest.raises(RefusedUrlError):
            asyncio.run(Fetcher(max_bytes=1000, timeout_s=5).fetch(f"http://{form}/"))


@pytest.mark.parametrize(
    ("url", "host", "read"),
    [
        ("http://Example.COM", "example.com", "http://example.com/"),
        ("https://example.com:443/a?b=c#d", "example.com", "https://example.com/a?b=c"),
        ("http://example.com.:8080/a", "example.com", "http://example.com:8080/a"),
        ("https://münchen.example/ä", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example/ä"),
        ("https://faß.example/", "xn--fa-hia.example", "https://xn--fa-hia.example/"),
        ("https://r3---sn.example/", "r3---sn.example", "https://r3---sn.example/"),
        ("https://a_b.example/", "a_b.example", "https://a_b.example/"),
        ("http://①.①.①.①/", "1.1.1.1", "http://1.1.1.1/"),
        ("http://1.1.1.1./", "1.1.1.1", "http://1.1.1.1/"),
        ("http://[2606:4700:0::1111]:81/", "2606:4700::1111", "http://[2606:4700::1111]:81/"),
        ("http://1e3.example/", "1e3.example", "http://1e3.example/"),
    ],
)
def test_a_url_is_read_once_and_shown_as_it_was_read(url: str, host: str, read: str) -> None:
    place = read_place(url)
    assert (place.host, place.url) == (host, read)
    assert read_place(place.url) == place


def test_a_socket_is_made_for_a_checked_address_alone(door: tuple[int, list[str]]) -> None:
    """The last door, if all others failed: the client that connects is told of an address that nobody checked."""
    checked: list[str] = []

    def allowed_once(address: str) -> bool:
        checked.append(address)
        return len(checked) == 1

    port, came = door
    with pytest.raises(RefusedUrlError, match=r"127\.0\.0\.1 is not a public address"):
        asyncio.run(Fetcher(max_bytes=1000, timeout_s=5, allowed=allowed_once).fetch(f"http://127.0.0.1:{port}/"))
    assert (checked, came) == (["127.0.0.1", "127.0.0.1"], [])
