"""The options that say which service is meant."""

import argparse
import os

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.setting import Setting
from ragmeter.run.plan.catalog import load_provider
from ragmeter.run.processes.streams import notice


def add_provider(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", required=True, metavar="NAME|FILE", help="the provider whose service is meant")
    parser.add_argument("--base-url", metavar="URL", help="URL of the service, instead of the provider file's")


def provider_of(options: argparse.Namespace) -> Provider:
    """Raises ConfigError for one whose service would have to be started here."""
    url = options.base_url and Setting(key="base_url", value=options.base_url, origin="--base-url")
    provider = load_provider(options.provider, environment=os.environ, base_url=url or None)
    notice(provider.notices)
    if provider.base_url is None:
        raise ConfigError(f"{provider.path}: $.base_url: missing; an embedded service is started by pytest alone")
    return provider
