"""Examples of the OpenAI calls for the API's description."""

import json
from typing import Any, Final

from service.docs.examples import JOB_ID, REPORT, SUCCEEDED

EDIT: Final[dict[str, Any]] = {"prompt": "make it red", "size": "auto"}
GENERATION: Final[dict[str, Any]] = {"prompt": "a red shoe on a white background", "size": "512x512"}
IMAGES: Final[dict[str, Any]] = {
    "created": 1768473002,
    "data": [
        {
            "b64_json": "iVBORw0KGgo=",
            "report": REPORT,
            "seed": 7,
            "sha256": SUCCEEDED["result"]["images"][0]["sha256"],
        }
    ],
    "output_format": "png",
    "size": "624x807",
    "usage": {
        "input_tokens": 0,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "output_tokens": 0,
        "total_tokens": 0,
    },
    "job": JOB_ID,
    "engine": "retouch",
    "replayed": False,
}
EVENT: Final[dict[str, Any]] = {
    "type": "image_edit.partial_image",
    "b64_json": "/9j/4AAQSkZJRg==",
    "created_at": 1768473001,
    "output_format": "jpeg",
    "size": "auto",
    "background": "auto",
    "quality": "auto",
    "partial_image_index": 0,
    "job": JOB_ID,
}
EVENTS: Final = f"event: image_edit.partial_image\r\ndata: {json.dumps(EVENT)}\r\n\r\n"
MODELS: Final[dict[str, Any]] = {
    "object": "list",
    "data": [
        {
            "id": "starter-edit",
            "object": "model",
            "created": 0,
            "owned_by": "likeness",
            "summary": "Our own small InstructPix2Pix",
            "kinds": ["customise"],
        }
    ],
}
