"""Print the bill of materials of this Python's packages as CycloneDX 1.6 (JSON): `python bill.py NAME`.

Each package's name, version and licence as its metadata has them. The texts of the licences lie in the packages' own
folders (`*.dist-info`). What the base image brings is told by its own package manager.
"""

import json
import re
import sys
from importlib.metadata import Distribution, distributions

LICENCE = "License :: "


def licence_of(package: Distribution) -> list[dict[str, object]]:
    """Return the licence: the SPDX expression; else the classifiers; else the short text; else the file that has it."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return [{"expression": expression}]
    named = [one.split(" :: ")[-1] for one in metadata.get_all("Classifier", []) if one.startswith(LICENCE)]
    written = (metadata.get("License") or "").strip().splitlines()[:1]
    files = [f"see {file}" for file in metadata.get_all("License-File", [])[:1]]
    names = [one for one in named if one != "OSI Approved"] or written or files
    return [{"license": {"name": name}} for name in names]


def component(package: Distribution) -> dict[str, object]:
    """Return a package as a component."""
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    return {
        "type": "library",
        "name": package.metadata["Name"],
        "version": package.version,
        "purl": f"pkg:pypi/{name}@{package.version.replace('+', '%2B')}",
        "licenses": licence_of(package),
    }


def bill(name: str) -> dict[str, object]:
    """Return the bill of what is installed here, in alphabetical order."""
    found = {one.metadata["Name"].lower(): one for one in distributions()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": name}},
        "components": [component(found[key]) for key in sorted(found)],
    }


if __name__ == "__main__":
    print(json.dumps(bill(sys.argv[1]), indent=1))
