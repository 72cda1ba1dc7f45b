"""Starts the service: python -m backend --host 127.0.0.1 --port 0"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import sys

from .errors import ConfigurationError, StoreError
from .http.server import open_listener, serve
from .service import build_service
from .settings import Settings, describe_settings
from .telemetry.logs import log_lifecycle, start_logs


def main() -> int:
    arguments = _parser().parse_args()
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigurationError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2

    logs = start_logs(settings.log_level)
    try:
        listener = open_listener(arguments.host, arguments.port)
        service = build_service(settings, loopback=_is_loopback(listener.getsockname()[0]))
        serve(service, listener)
    except (ConfigurationError, StoreError) as error:
        log_lifecycle("cannot_start", logging.ERROR, message=str(error))
        sys.stderr.write(f"error: {error}\n")
        return 2
    finally:
        logging.getLogger().removeHandler(logs)
        logs.close()
    return 0


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m backend",
        description="A RAG service: FAISS retrieval in front of an OpenAI-compatible LLM.",
        epilog="environment variables:\n" + describe_settings(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port; 0 takes a free one (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
