"""Puts the crop of an image into an exported explainer, so that one graph takes whole images.

`models export` writes a file that takes the cropped image, [1, 3, H, W] in [0, 1], and says in its metadata how to crop.
Here that becomes nodes before it: resize the short side (antialiased as PIL does, rounded to 8 bits), crop the centre.
"""

from __future__ import annotations

import json

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, compose, helper, version_converter

IMAGE = "pixels"
"""Input of the new graph: uint8 [1, 3, height, width], red, green and blue, of any size."""
CROP = "crop"
"""Output of the new graph: the crop that the networks see, uint8 [1, 3, H, W]."""

OPSET = 18
"""Resize has antialiasing since this operator set; `models export` writes 17."""

# ONNX's cubic_coeff_a of -0.5 is PIL's bicubic.
FILTERS = {
    "nearest": {"mode": "nearest", "nearest_mode": "round_prefer_ceil"},
    "bilinear": {"mode": "linear", "antialias": 1},
    "bicubic": {"mode": "cubic", "cubic_coeff_a": -0.5, "antialias": 1},
}


def crop_graph(preprocessing: dict) -> onnx.ModelProto:
    """A model from whole images to the crop that `preprocessing` describes.

    Raises ValueError when the crop is none that these nodes make (letterboxed or squashed).
    """
    if "fit" in preprocessing:
        raise ValueError(f"Cannot crop by {preprocessing['fit']}: only a centre crop has nodes; crop the images first")
    size = preprocessing["centre_crop"]
    height, width = size if isinstance(size, list) else (size, size)
    short = preprocessing["resize"]["short_side"]
    chosen = preprocessing["resize"]["filter"].split(",")[0]
    nodes: list[onnx.NodeProto] = []
    initializers: list[onnx.TensorProto] = []

    def constant(name: str, values: list[int] | list[float], kind: int = TensorProto.INT64) -> str:
        initializers.append(helper.make_tensor(name, kind, [len(values)], values))
        return name

    def node(kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    # The long side is short * long // shorter, in whole numbers as torchvision has it.
    node("Shape", [IMAGE], "sides", start=2)
    node("ReduceMin", ["sides"], "shorter", keepdims=1)
    node("Mul", ["sides", constant("short", [short])], "scaled")
    node("Div", ["scaled", "shorter"], "resized_sides")
    node("Concat", [constant("one_image", [1, 3]), "resized_sides"], "sizes", axis=0)
    node("Resize", [IMAGE, "", "", "sizes"], "resized", **FILTERS[chosen])
    # Half of the rest, a half to even: Round does as Python's round.
    node("Sub", ["resized_sides", constant("crop_sides", [height, width])], "rest")
    node("Cast", ["rest"], "rest_float", to=TensorProto.FLOAT)
    node("Mul", ["rest_float", constant("half", [0.5], TensorProto.FLOAT)], "half_rest")
    node("Round", ["half_rest"], "start_float")
    node("Cast", ["start_float"], "start", to=TensorProto.INT64)
    node("Add", ["start", "crop_sides"], "end")
    node("Slice", ["resized", "start", "end", constant("axes", [2, 3])], "sliced")
    node("Reshape", ["sliced", constant("crop_shape", [1, 3, height, width])], CROP)
    node("Cast", [CROP], "crop_float", to=TensorProto.FLOAT)
    node("Div", ["crop_float", constant("white", [255.0], TensorProto.FLOAT)], "crop_image")
    graph = helper.make_graph(
        nodes,
        "crop",
        [helper.make_tensor_value_info(IMAGE, TensorProto.UINT8, [1, 3, "height", "width"])],
        [
            helper.make_tensor_value_info(CROP, TensorProto.UINT8, [1, 3, height, width]),
            helper.make_tensor_value_info("crop_image", TensorProto.FLOAT, [1, 3, height, width]),
        ],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])


def with_crop(explainer: bytes) -> bytes:
    """The same explainer for whole images: input "pixels", one more output "crop"; metadata as before.

    Raises ValueError when the file is not one of `models export`, or its crop has no nodes.
    """
    try:
        model = onnx.load_model_from_string(explainer)
    except DecodeError as cause:
        raise ValueError("Cannot explain with this file: it is no .onnx file; write one with `ptame models export`") from cause
    facts = {entry.key: entry.value for entry in model.metadata_props}
    if facts.get("format") != "ptame-explainer":
        raise ValueError("Cannot explain with this file: it is not one that `ptame models export` writes")
    if next(entry.version for entry in model.opset_import if entry.domain == "") < OPSET:
        model = version_converter.convert_version(model, OPSET)
    before = compose.add_prefix(
        crop_graph(json.loads(facts["preprocessing"])), "whole/", rename_inputs=False, rename_outputs=False
    )
    before.ir_version = model.ir_version
    merged = compose.merge_models(before, model, io_map=[("crop_image", "image")], outputs=[CROP, "probabilities", "map"])
    for key, value in facts.items():
        if key not in {entry.key for entry in merged.metadata_props}:
            merged.metadata_props.add(key=key, value=value)
    return merged.SerializeToString()
