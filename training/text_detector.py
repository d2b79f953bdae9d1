"""The text detector's published weights and graph, read from ONNX: `python -m training.text_detector MODEL.onnx OUT`.

MODEL.onnx is `models/ch_PP-OCRv4_det_infer.onnx` of the wheel rapidocr_onnxruntime 1.4.4 (Apache-2.0), which has it
from PaddleOCR (Apache-2.0). Nothing is trained: constants become model.safetensors, kernels in half
precision, and the operations graph.json. Needs `pip install '.[train]'`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from safetensors.torch import save_file

KEPT = ("strides", "pads", "group", "epsilon", "alpha", "beta", "axis")


def converted(model: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:  # noqa: ANN401  onnx is not typed
    """Return the graph as JSON values, and its constants by their names."""
    constants = {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in model.graph.node
        if node.op_type == "Constant"
    }
    nodes = [_node(node, constants) for node in model.graph.node if node.op_type != "Constant"]
    used = {name for node in nodes for name in node["inputs"]}
    found = {name: torch.from_numpy(np.array(one)) for name, one in constants.items() if name in used}
    tensors = {name: one.half() if one.ndim > 1 else one.float() for name, one in found.items()}
    return {"given": model.graph.input[0].name, "made": model.graph.output[0].name, "nodes": nodes}, tensors


def _node(node: Any, constants: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:  # noqa: ANN401  as above
    said = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    attributes = {name: list(value) if isinstance(value, tuple | list) else value for name, value in said.items()}
    kept = {name: value for name, value in attributes.items() if name in KEPT}
    inputs = list(node.input)
    if node.op_type == "Resize":
        kept = {"scale": int(constants[inputs[2]][-1])}
        inputs = inputs[:1]
    return {"op": node.op_type, "inputs": inputs, "output": node.output[0], "attributes": kept}


def main() -> None:
    """Read the published file and write both files of the detector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    graph, tensors = converted(onnx.load(str(args.model)))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "graph.json").write_text(json.dumps(graph, separators=(",", ":")) + "\n", "utf-8")
    save_file(tensors, args.out / "model.safetensors")


if __name__ == "__main__":
    main()
