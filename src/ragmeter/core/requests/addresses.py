"""What the address of a service says of where it is."""

from ipaddress import ip_address


def is_loopback(address: str) -> bool:
    """Whether it is of the machine that asks. Raises ValueError for what is no address."""
    return ip_address(address.partition("%")[0]).is_loopback
