"""A bare FastAPI handler around the engine: `python -m benchmarks.peers.bare PORT`."""

import base64
import sys
import threading

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.peers.engine import Recreator

app, turn = FastAPI(), threading.Lock()
recreator = Recreator()


class Picture(BaseModel):
    """A picture in base64."""

    image: str


@app.post("/predict")
def predict(given: Picture) -> Picture:
    """Return the picture, recreated; one at a time, since all cores work on it."""
    with turn:
        made = recreator.recreate(base64.b64decode(given.image))
    return Picture(image=base64.b64encode(made).decode())


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
