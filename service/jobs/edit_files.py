"""Whose the files are that are sent beside several edits: an edit's that says so, or the whole's."""

from collections.abc import Collection
from typing import Any

from likeness.contract.editing import REFERENCES, files_said
from likeness.contract.errors import InvalidField
from likeness.contract.jobs import SentFile


def with_files(fields: dict[str, Any], files: Collection[SentFile]) -> dict[str, Any]:
    """Return the fields of a task with the files that it uses; with `edits`, those say themselves which they use.

    Raises InvalidField for a file that none of them uses, and for one that is used and was not sent.
    """
    own = _own(fields, files)
    said: dict[str, Any] = {name: "file" for name in own if name not in REFERENCES}
    if references := ["file" for name in own if name in REFERENCES]:
        said["images"] = references
    return {**fields, **said}


def _own(fields: dict[str, Any], files: Collection[SentFile]) -> Collection[SentFile]:
    edits = fields.get("edits")
    if not isinstance(edits, list) or not edits:
        return files
    used = files_said(edits)
    if missing := sorted(used - set(files)):
        raise InvalidField.at(missing[0], "an edit uses it: send it as a file")
    own = [name for name in files if name not in used]
    if any(name in REFERENCES for name in own):
        raise InvalidField.at("images", "not beside several edits; send one instruction")
    if stray := [name for name in own if name != "mask"]:
        raise InvalidField.at(stray[0], f"no edit uses it; say in one of them that its {stray[0]} is 'file'")
    return own
