"""Bills of materials in CycloneDX, of lock files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

import ragmeter


def bill(lock: Path) -> str:
    """JSON with the name, the version and the hashes of each package of a lock; twice the same of the same lock."""
    name, version = "ragmeter", ragmeter.__version__
    image = Component(name=name, version=version, bom_ref=name, type=ComponentType.APPLICATION)
    bom = Bom(components=_packages(lock.read_text(encoding="utf-8")))
    bom.metadata.component = image
    bom.register_dependency(image, bom.components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["serialNumber"], document["metadata"]["timestamp"]
    return json.dumps(document, indent=2) + "\n"


def _packages(lock: str) -> Iterator[Component]:
    for entry in re.findall(r"^[^\s#].*", lock.replace("\\\n", " "), re.MULTILINE):
        wanted, *hashes = re.split(r"\s+--hash=sha256:", entry.rstrip())
        package = Requirement(wanted)
        version = str(package.specifier).removeprefix("==")
        url = PackageURL(type="pypi", name=package.name, version=version)
        files = ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION,
            url=XsUri(str(url)),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in hashes],
        )
        yield Component(name=package.name, version=version, purl=url, bom_ref=str(url), external_references=[files])
