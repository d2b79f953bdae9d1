"""Examples of cut-outs, packshots and checks that the API's description shows."""

from typing import Any, Final

from service.docs.examples import PICTURE, SUCCEEDED

CUTOUT: Final[dict[str, Any]] = {"image": PICTURE, "format": "png"}

PACKSHOT_REQUEST: Final[dict[str, Any]] = {
    "image": PICTURE,
    "background": "#f4f4f4",
    "size": "400x400",
    "fill": 0.8,
    "shadow": "contact",
    "format": "jpeg",
}

COLOUR_THEN_PACKSHOT: Final[dict[str, Any]] = {
    "image": PICTURE,
    "edits": [{"recolour": {"to": "#1F4E79"}}, {"packshot": {"size": "400x400", "fill": 0.8}}],
}

CHECK: Final[dict[str, Any]] = {"image": PICTURE, "preset": "ebay"}

_RULES: Final[list[dict[str, Any]]] = [
    {
        "rule": "background",
        "level": "must",
        "asked": "every pixel 255, 255, 255",
        "found": "100.00%",
        "ok": True,
        "offending": 0,
        "note": None,
        "source": "https://cherryshot.ai/blogs/amazon-product-image-requirements-2026-compliance-guide",
    },
    {
        "rule": "fill",
        "level": "must",
        "asked": "at least 85%",
        "found": "87.0%",
        "ok": True,
        "offending": None,
        "note": None,
        "source": "https://cherryshot.ai/blogs/amazon-product-image-requirements-2026-compliance-guide",
    },
]


def _ended(kind: str, preset: str | None, mode: str, format: str, size: tuple[int, int]) -> dict[str, Any]:
    width, height = size
    frame = {"width": width, "height": height, "mode": mode, "channels": len(mode)}
    report = {
        "frame": [{"name": name, "given": value, "made": value, "equal": True} for name, value in frame.items()],
        "fidelity": [],
        "compliance": {"preset": preset, "rows": _RULES if preset else []},
        "verdict": "accepted",
        "reasons": ["frame as asked; every rule that must be met is"],
    }
    image = {
        **SUCCEEDED["result"]["images"][0],
        "width": width,
        "height": height,
        "mode": mode,
        "format": format,
        "report": report,
    }
    engine = {"name": "retouch", "family": "retouch", "weights": "segmenter", "revision": "1", "parameters": {}}
    engine |= {"why": f"the first choice for {kind}"}
    result = {**SUCCEEDED["result"], "images": [image], "engine": engine}
    return {**SUCCEEDED, "kind": kind, "engine": "retouch", "result": result}


CUT_OUT: Final = _ended("cutout", None, "RGBA", "png", (624, 807))
PACKSHOT: Final = _ended("packshot", "amazon-main", "RGB", "jpeg", (2000, 2000))
CHECKED: Final = _ended("check", "amazon-main", "RGB", "png", (2000, 2000))
