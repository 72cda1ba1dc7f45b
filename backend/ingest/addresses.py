"""Which addresses are those of the public internet. Pure."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # RFC 6890: protocols; a cloud's metadata
    ipaddress.IPv4Network("192.88.99.0/24"),  # RFC 7526: once relays of 6to4
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637: documentation
)
"""What not every supported `ipaddress` knows."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: what an interface's id begins with


def is_public(text: str) -> bool:
    """Whether `text` is an address of the public internet, also when it wraps an IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(_is_public(part) for part in _layers(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _layers(address: Address) -> list[Address]:
    """The address, and the IPv4 addresses inside it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [_last_four(address)]
    layers: list[Address] = [address]
    if address.sixtofour is not None:
        layers.append(address.sixtofour)
    if address.teredo is not None:
        layers.extend(address.teredo)
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        layers.append(_last_four(address))
    return layers


def _last_four(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
