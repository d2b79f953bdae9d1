"""Examples that the API's description shows: one story, told with real shapes."""

from typing import Any, Final

PICTURE: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAAcklEQVR42mP8//8/AzUAEwOVAAseuenymmgimQ+v41"
    "LMiNVrmEYQNA7FIPz68ZvIRLYpaFqYyDYFTSPVYo2JEucgO4pxmpwGdVyEJ2mQFH2I6CfPg3B3MKEJEelATMVMROYAgumbqtE/at"
    "CINYhx0NUiAOyhMjwOOKZNAAAAAElFTkSuQmCC"
)
"""A red shirt of 24x24 px: small enough to read past, and a product is found in it."""
JOB_ID: Final = "019a8f3c2b10d4e5f60718293a4b5c6d"
SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
HERE: Final = f"/jobs/{JOB_ID}"

LABELS: Final[dict[str, Any]] = {"reference": "SKU-10442", "metadata": {"season": "SS27"}}

RECREATE: Final[dict[str, Any]] = {
    "image": PICTURE,
    "format": "same",
    "thresholds": {"psnr": 24, "ssim": 0.8},
    **LABELS,
}

CUSTOMISE: Final[dict[str, Any]] = {
    "image": PICTURE,
    "recolour": {"to": "#1F4E79", "mask": "product"},
    "mask": "product",
    "attempts": 3,
}

COMPARE: Final[dict[str, Any]] = {
    "image": PICTURE,
    "task": {"kind": "recreate", "format": "png"},
    "runs": [{"engine": "starter", "strength": [0, 0.3], "guidance_scale": [1, 3]}],
}

GENERATE: Final[dict[str, Any]] = {"engine": "dcgan", "label": "pants", "width": 128, "height": 192, "candidates": 4}

GENERATE_FROM_TEXT: Final[dict[str, Any]] = {
    "prompt": "a red shirt on a hanger, product photo",
    "width": 640,
    "height": 960,
    "candidates": 4,
}
"""Needs a model that does not ship."""

ACCEPTED: Final[dict[str, Any]] = {
    "id": JOB_ID,
    "kind": "recreate",
    "status": "queued",
    "created_at": "2026-01-15T10:30:00.123456Z",
    "position": 0,
    **LABELS,
    "links": {"self": HERE, "events": f"{HERE}/events", "preview": f"{HERE}/preview", "cancel": f"{HERE}/cancel"},
}

REPORT: Final[dict[str, Any]] = {
    "frame": [
        {"name": "width", "given": 624, "made": 624, "equal": True},
        {"name": "height", "given": 807, "made": 807, "equal": True},
        {"name": "aspect_ratio", "given": "208:269", "made": "208:269", "equal": True},
        {"name": "mode", "given": "RGB", "made": "RGB", "equal": True},
        {"name": "channels", "given": 3, "made": 3, "equal": True},
    ],
    "fidelity": [
        {"name": "psnr", "value": 31.2, "unit": "dB", "higher_is_better": True, "reason": None},
        {"name": "ssim", "value": 0.93, "unit": "ratio", "higher_is_better": True, "reason": None},
        {
            "name": "lpips",
            "value": None,
            "unit": "ratio",
            "higher_is_better": False,
            "reason": "not installed: python -m training.lpips (docs/report.md)",
        },
    ],
    "verdict": "accepted",
    "reasons": ["The frame is equal and every threshold is met."],
}

_OPEN: Final[dict[str, Any]] = {
    **ACCEPTED,
    "engine": "starter",
    "filename": "shirt.jpg",
    "asked": "recreate",
    "started_at": None,
    "ended_at": None,
    "progress": None,
    "result": None,
    "error": None,
}

RUNNING: Final[dict[str, Any]] = {
    **_OPEN,
    "status": "running",
    "position": None,
    "started_at": "2026-01-15T10:30:00.200000Z",
    "progress": {"step": 3, "steps": 20, "stage": "denoising", "attempt": 1, "preview": 1},
}

_ENDED: Final[dict[str, Any]] = {**_OPEN, "links": {**ACCEPTED["links"], "preview": None}}

CANCELLED: Final[dict[str, Any]] = {
    **_ENDED,
    "status": "cancelled",
    "position": None,
    "ended_at": "2026-01-15T10:30:00.900000Z",
}

SUCCEEDED: Final[dict[str, Any]] = {
    **_ENDED,
    "status": "succeeded",
    "position": None,
    "started_at": "2026-01-15T10:30:00.200000Z",
    "ended_at": "2026-01-15T10:30:02.100000Z",
    "result": {
        "images": [
            {
                "url": f"{HERE}/images/0",
                "width": 624,
                "height": 807,
                "mode": "RGB",
                "format": "jpeg",
                "sha256": SHA256,
                "seed": None,
                "report": REPORT,
            }
        ],
        "engine": {
            "name": "starter",
            "family": "autoencoder",
            "weights": "starter",
            "revision": "1",
            "parameters": {},
            "why": "the best that can be used here for recreate (instruct-pix2pix: not installed)",
        },
        "recipe": {"engine": "starter", "revision": "1", "parameters": {}, "seeds": [], "input_sha256": SHA256},
        "timings": {
            "queued": 0.08,
            "loading": 0.0,
            "preparing": 0.03,
            "denoising": 0.0,
            "decoding": 1.7,
            "assessing": 0.09,
        },
        "attempts": 1,
        "batch": 1,
        "degradations": [],
        "caption": None,
        "caption_reason": None,
        "links_expire_at": None,
    },
}

WITH_A_SCENE: Final[dict[str, Any]] = {
    "image": PICTURE,
    "images": [PICTURE],
    "instruction": "put the chair into the room of image 2",
    "engine": "flux2-klein",
}

CUSTOMISED: Final[dict[str, Any]] = {
    **SUCCEEDED,
    "kind": "customise",
    "engine": "retouch",
    "result": {
        **SUCCEEDED["result"],
        "images": [
            {
                **SUCCEEDED["result"]["images"][0],
                "format": "png",
                "seed": 7,
                "guidance_scale": None,
                "report": {
                    **REPORT,
                    "edit": {
                        "asked": "recolour to #1F4E79",
                        "colour": "#1F4E79",
                        "scores": [
                            {
                                "name": "colour_delta_e",
                                "value": 0.8,
                                "unit": "dE00",
                                "higher_is_better": False,
                                "reason": None,
                            }
                        ],
                        "happened": True,
                    },
                    "locked": {"area": 0.62, "max_abs_diff": 0},
                    "registration": None,
                },
                "matte": f"{HERE}/images/0/matte",
                "left_alone": {
                    "area": 0.021,
                    "parts": [{"left": 0.47, "top": 0.18, "width": 0.06, "height": 0.05, "area": 0.021}],
                },
            }
        ],
        "engine": {
            "name": "retouch",
            "family": "retouch",
            "weights": "segmenter",
            "revision": "1",
            "parameters": {"parts": "main"},
            "why": "the first choice for recolour",
        },
        "recipe": {
            "engine": "retouch",
            "revision": "1",
            "parameters": {"parts": "main"},
            "seeds": [7],
            "input_sha256": SHA256,
            "files_sha256": {},
        },
    },
}

_ASKED: Final[dict[str, Any]] = {
    "prompt": "a red shirt on a hanger, product photo",
    "negative_prompt": "",
    "strength": 1.0,
    "guidance_scale": 5.0,
    "steps": 30,
    "scheduler": "dpmpp-2m-karras",
    "clip_skip": 0,
}

GENERATED: Final[dict[str, Any]] = {
    **SUCCEEDED,
    "kind": "generate",
    "engine": "sdxl",
    "result": {
        **SUCCEEDED["result"],
        "images": [
            {
                **SUCCEEDED["result"]["images"][0],
                "width": 640,
                "height": 960,
                "format": "png",
                "seed": 7,
                "guidance_scale": 5.0,
                "report": {
                    "frame": [
                        {"name": "width", "given": 640, "made": 640, "equal": True},
                        {"name": "height", "given": 960, "made": 960, "equal": True},
                        {"name": "mode", "given": "RGB", "made": "RGB", "equal": True},
                    ],
                    "fidelity": [
                        {
                            "name": "ssim",
                            "value": None,
                            "unit": "ratio",
                            "higher_is_better": True,
                            "reason": "nothing to compare with: the image was generated",
                        },
                        {
                            "name": "clip_score",
                            "value": 0.31,
                            "unit": "ratio",
                            "higher_is_better": True,
                            "reason": "against 'a red shirt on a hanger, product photo'",
                        },
                    ],
                    "verdict": "accepted",
                    "reasons": ["frame as requested; all sanity checks passed"],
                },
            }
        ],
        "engine": {
            "name": "sdxl",
            "family": "stable_diffusion_xl",
            "weights": "sdxl",
            "revision": "1",
            "parameters": _ASKED,
            "why": "the best that can be used here for generate (flux2-klein: not installed)",
        },
        "recipe": {"engine": "sdxl", "revision": "1", "parameters": _ASKED, "seeds": [7], "input_sha256": None},
    },
}

_ROW: Final[dict[str, Any]] = {
    "run": 0,
    "rank": 1,
    "engine": "starter",
    "parameters": {"strength": 0.0, "steps": 4},
    "image": 0,
    "verdict": "accepted",
    "merit": 0.93,
    "figures": [{"name": "ssim", "value": 0.95, "unit": "ratio", "higher_is_better": True, "reason": None}],
    "seconds": 1.8,
    "timings": SUCCEEDED["result"]["timings"],
    "error": None,
}

COMPARED: Final[dict[str, Any]] = {
    **SUCCEEDED,
    "kind": "compare",
    "result": {
        **SUCCEEDED["result"],
        "images": [{**SUCCEEDED["result"]["images"][0], "recipe": SUCCEEDED["result"]["recipe"]}],
        "comparison": {
            "runs": [
                _ROW,
                {
                    "run": 1,
                    "rank": None,
                    "engine": "starter",
                    "parameters": {"strength": 0.3, "steps": 4},
                    "image": None,
                    "error": {"code": "timeout", "detail": "the run exceeded its time limit", "fault": "engine"},
                },
            ],
            "merit": "ssim - delta_e / 100; accepted runs come before rejected ones",
            "recommendation": {"run": 0, "reasons": ["run 0 (starter) was accepted."]},
            "sheet": f"{HERE}/sheet",
        },
    },
}

REPRODUCED: Final[dict[str, Any]] = {
    **SUCCEEDED,
    "reproduces": "019a8f3a0b10d4e5f60718293a4b5c6d",
    "result": {
        **SUCCEEDED["result"],
        "reproduction": {
            "job": "019a8f3a0b10d4e5f60718293a4b5c6d",
            "images": [
                {
                    "original": 0,
                    "original_sha256": SHA256,
                    "image": 0,
                    "sameness": "bitwise",
                    "figures": [],
                    "reasons": ["every byte is equal"],
                    "error": None,
                }
            ],
        },
    },
}

DRY_RUN: Final[dict[str, Any]] = {
    "dry_run": True,
    "kind": "recreate",
    "engine": "starter",
    "runs": [
        {
            "engine": "starter",
            "why": "the best that can be used here for recreate (instruct-pix2pix: not installed)",
            "revision": "2",
            "licence": "Apache-2.0",
            "commercial": "yes",
            "parameters": {"prompt": "", "strength": 0.0, "guidance_scale": 1.0, "steps": 4},
            "canvas": {"width": 624, "height": 808, "tiles": 1},
            "timeout": 76,
            "memory": {"value": None, "reason": "the catalogue does not declare it for this engine"},
        }
    ],
    "timeout": 76,
    "seconds": {"value": 1.9, "reason": "the running mean of the queue's runs"},
    "position": 0,
    "wait": {"value": 0.0, "reason": "no jobs are ahead of it"},
}

PAGE: Final[dict[str, Any]] = {"jobs": [SUCCEEDED], "next": JOB_ID}

ENGINES: Final[dict[str, Any]] = {
    "engines": [
        {
            "name": "starter-edit",
            "family": "starter_instruct_pix2pix",
            "summary": "Our own small InstructPix2Pix",
            "use": "To change a product by one of the supported instructions.",
            "kinds": ["customise"],
            "ways": ["instruction", "colourway"],
            "default_for": ["pattern", "material", "same"],
            "closed": True,
            "edits": [],
            "instructions": ["material: 'make it denim'; denim, knit, leather, camouflage"],
            "pool": "starter",
            "weights": "starter",
            "parts": {},
            "controls": [],
            "loras": [],
            "references": 0,
            "captioned": False,
            "memory": None,
            "revision": "1",
            "licence": "Apache-2.0",
            "commercial": "yes",
            "licence_url": "https://www.apache.org/licenses/LICENSE-2.0",
            "permitted": True,
            "batch": 8,
            "timeout": 60,
            "timeout_per_megapixel": 30.0,
            "max_candidates": 1,
            "drifts": False,
            "canvas": {"multiple": 8, "minimum": 64, "tile": 1024, "overlap": 128},
            "parameters": {},
            "figures": [],
            "installed": True,
            "resident": [{"worker": "studio-4711-1a2b3c4d", "device": "cpu", "memory": 15_000_000_000, "exact": True}],
        }
    ],
    "preferences": [
        {
            "of": "material",
            "engines": ["qwen-image-edit", "flux2-klein", "starter-edit"],
            "engine": "starter-edit",
            "why": "the best that can be used here for material (qwen-image-edit: needs 66.0 GB, and the largest "
            "worker has 15.0 GB for engines; flux2-klein: not installed)",
        }
    ],
}

EVENTS: Final = (
    "id: 1768473000200-0\r\nevent: status\r\n"
    'data: {"type":"status","status":"running","reference":"SKU-10442"}\r\n\r\n'
    "id: 1768473001000-0\r\nevent: progress\r\n"
    'data: {"type":"progress","status":"running",'
    '"progress":{"step":3,"steps":20,"stage":"denoising","attempt":1,"preview":1},"reference":"SKU-10442"}\r\n\r\n'
    "id: 1768473002100-0\r\nevent: status\r\n"
    'data: {"type":"status","status":"succeeded","reference":"SKU-10442"}\r\n\r\n'
)

METRICS: Final = (
    "# HELP likeness_queue_depth Jobs waiting\n"
    "# TYPE likeness_queue_depth gauge\n"
    'likeness_queue_depth{queue="starter-interactive"} 0.0\n'
)
