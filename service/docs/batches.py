"""Examples of batches, as the API's description shows them."""

from typing import Any, Final

BATCH_ID: Final = "0199b1f2c3d4a5b6c7d8e9f0a1b2c3d4"
HERE: Final = f"/batches/{BATCH_ID}"
RECIPES: Final[list[dict[str, Any]]] = [
    {"name": "white", "kind": "packshot", "background": "white"},
    {"name": "colour", "kind": "customise", "recolour": {"to": "{colour}"}},
]
BATCH: Final[dict[str, Any]] = {
    "name": "autumn",
    "recipes": RECIPES,
    "items": [
        {
            "reference": "SKU-1",
            "image": "https://shop.example.com/sku-1.jpg",
            "set": "caps",
            "colour": "#a01020",
        },
        {
            "reference": "SKU-2",
            "image": {"job": "0199b1f2c3d4a5b6c7d8e9f0a1b2c3d5", "image": 0},
            "set": "caps",
            "colour": "#20309f",
        },
    ],
}
JSONL: Final = (
    '{"recipes": [{"name": "white", "kind": "packshot", "background": "white"}]}\n'
    '{"reference": "SKU-1", "image": "https://shop.example.com/sku-1.jpg"}\n'
)
COUNTS: Final = {
    **{"waiting": 0, "queued": 1, "succeeded": 1, "failed": 0, "cancelled": 0},
    **{"accepted": 1, "rejected": 0, "not_judged": 0},
}
NONE_YET: Final = {**COUNTS, "waiting": 2, "queued": 0, "succeeded": 0, "accepted": 0}
VIEW: Final[dict[str, Any]] = {
    "id": BATCH_ID,
    "name": "autumn",
    "state": "running",
    "created_at": "2026-11-21T20:00:00Z",
    "ended_at": None,
    "items": 2,
    "counts": {**COUNTS, "waiting": 2},
    "recipes": {"white": COUNTS, "colour": NONE_YET},
    "rate": 0.5,
    "seconds_left": 6.0,
    "device_seconds": 1.75,
    "webhook": None,
    "links": {"self": HERE, "manifest": f"{HERE}/manifest", "archive": f"{HERE}/archive"},
}
DRY_RUN: Final = {"dry_run": True, "items": 2, "jobs": 4, "uploads_missing": 0}
PAGE: Final = {"batches": [VIEW], "next": None}
ROW_CSV: Final = "item,reference,recipe,set,status,verdict\r\n0,SKU-1,white,caps,succeeded,accepted\r\n"
ROW: Final = (
    '{"item":0,"reference":"SKU-1","recipe":"white","status":"succeeded","verdict":"accepted","reasons":["..."],'
    f'"figures":{{"ssim":0.98}},"link":"{HERE}/images/9f86...","sha256":"9f86...","format":"jpeg","attempt":1}}\n'
)
