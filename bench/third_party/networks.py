"""Makes third-party networks with random weights as .onnx files, with what PyTorch says of them.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm transformers onnx onnxruntime onnxscript
    venv/bin/python bench/third_party/networks.py OUT [dynamo|script] [NAME…]

Each network of NETWORKS is seeded and small; constant parameters (zero residuals, layer scales, statistics of batch
normalisations) are drawn at random, too, so that no branch is silent, and weights that let the image fade are scaled.
It is exported by both of torch's exporters; some are quantised by ONNX Runtime as well. For each file OUT holds
NAME.onnx and NAME.json: the image's side, the scores of torch (of ONNX Runtime for quantised files), the input
gradients at the steps of integrated gradients, joined to the attribution, and Grad-CAM at the output of every module,
to be found again by the module's values. An image is the same in all: see `image`. A network that is there already is
passed over, so that a stopped run can go on. `dynamo` or `script` makes the files of one exporter alone: the first takes
most of the time.
"""

import base64
import json
import math
import os
import pathlib
import sys
import traceback
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
import onnx
import onnxruntime
import torch

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

CLASSES = 10
STEPS = 4


def torchvision_net(name, side=64, **options):
    def make():
        import torchvision

        return torchvision.models.get_model(name, weights=None, num_classes=CLASSES, **options)

    return make, side


def timm_net(name, side=64, **options):
    def make():
        import timm

        return timm.create_model(name, pretrained=False, num_classes=CLASSES, **options)

    return make, side


def transformers_net(kind, side=64, **options):
    def make():
        import transformers

        config = getattr(transformers, f"{kind}Config")(num_labels=CLASSES, **options)
        if hasattr(config, "_attn_implementation"):
            config._attn_implementation = "eager"

        class Scores(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.net = getattr(transformers, f"{kind}ForImageClassification")(config)

            def forward(self, x):
                return self.net(x).logits

        return Scores()

    return make, side


NETWORKS = {
    "transformers": {
        "vit": transformers_net("ViT", hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=96, image_size=64),
        "deit": transformers_net("DeiT", hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=96, image_size=64),
        "beit": transformers_net("Beit", hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=96, image_size=64, use_relative_position_bias=True),
        "dinov2": transformers_net("Dinov2", 56, hidden_size=48, num_hidden_layers=3, num_attention_heads=3, image_size=56, patch_size=14),
        "dinov2_registers": transformers_net("Dinov2WithRegisters", 56, hidden_size=48, num_hidden_layers=3, num_attention_heads=3, image_size=56, patch_size=14),
        "swin": transformers_net("Swin", 56, image_size=56, embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=7),
        "swinv2": transformers_net("Swinv2", image_size=64, embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=4),
        "convnext": transformers_net("ConvNext", hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 2, 1]),
        "convnextv2": transformers_net("ConvNextV2", hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 2, 1]),
        "resnet": transformers_net("ResNet", embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], layer_type="basic"),
        "regnet": transformers_net("RegNet", embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], groups_width=16),
        "mobilenet_v1": transformers_net("MobileNetV1", depth_multiplier=0.25, image_size=64),
        "mobilenet_v2": transformers_net("MobileNetV2", depth_multiplier=0.35, image_size=64),
        "mobilevit": transformers_net("MobileViT", image_size=64, hidden_sizes=[32, 48, 64], neck_hidden_sizes=[8, 16, 24, 32, 48, 64, 96]),
        "segformer": transformers_net("Segformer", hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1]),
        "pvt": transformers_net("Pvt", image_size=64, hidden_sizes=[16, 32, 48, 64], num_attention_heads=[1, 2, 3, 4], depths=[1, 1, 1, 1]),
        "cvt": transformers_net("Cvt", embed_dim=[16, 48, 96], depth=[1, 2, 3]),
        "focalnet": transformers_net("FocalNet", image_size=64, embed_dim=24, depths=[1, 1, 2, 1]),
        "poolformer": transformers_net("PoolFormer", hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1]),
        "levit": transformers_net("Levit", 128, image_size=128, hidden_sizes=[48, 64, 96], key_dim=[16, 16, 16], num_attention_heads=[3, 4, 6]),
        "data2vec": transformers_net("Data2VecVision", hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=96, image_size=64),
        "vit_msn": transformers_net("ViTMSN", hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=96, image_size=64),
        "bit": transformers_net("Bit", embedding_size=16, num_groups=8, hidden_sizes=[32, 64, 96, 128], depths=[1, 1, 1, 1]),
        "pvt_v2": transformers_net("PvtV2", image_size=64, hidden_sizes=[16, 32, 48, 64], num_attention_heads=[1, 2, 3, 4], depths=[1, 1, 1, 1]),
        "swiftformer": transformers_net("SwiftFormer", depths=[1, 1, 2, 1], embed_dims=[16, 32, 48, 64]),
        "hiera": transformers_net("Hiera", 224, image_size=[224, 224], embed_dim=24, depths=[1, 1, 2, 1], num_heads=[1, 2, 4, 8]),
    },
    "torchvision": {
        **{
            name: torchvision_net(name)
            for name in [
                "resnet18", "resnext50_32x4d", "densenet121", "squeezenet1_1", "mobilenet_v2",
                "mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5", "efficientnet_b0", "regnet_y_400mf",
                "convnext_tiny", "swin_t", "swin_v2_t",
            ]
        },
        "googlenet": torchvision_net("googlenet", aux_logits=False, init_weights=False),
        "inception_v3": torchvision_net("inception_v3", 96, aux_logits=False, init_weights=False),
        "maxvit_t": torchvision_net("maxvit_t", 224),
    },
    "timm": {
        **{
            name: timm_net(name)
            for name in [
                "resnet26d", "eca_nfnet_l0", "nf_regnet_b1", "cspresnet50", "darknet53", "dla34", "hrnet_w18_small",
                "ghostnet_050", "lcnet_050", "mixnet_s", "tf_efficientnet_lite0", "tf_efficientnetv2_b0", "rexnet_100",
                "repvgg_a0", "resnest14d", "skresnet18", "selecsls42", "xception41p", "poolformer_s12", "edgenext_xx_small",
                "mobilevit_xxs", "mobilevitv2_050", "fastvit_t8", "pvt_v2_b0", "hgnetv2_b0", "inception_next_tiny",
                "mambaout_femto", "convnextv2_atto", "repghostnet_050", "starnet_s1", "res2net50_14w_8s", "davit_tiny",
                "efficientvit_b0", "mobileone_s0", "vovnet39a", "tresnet_m", "bat_resnext26ts",
                "lambda_resnet26rpt_256", "halonet26t", "gcresnet33ts", "visformer_tiny",
            ]
        },
        **{
            name: timm_net(name, img_size=64)
            for name in [
                "vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "xcit_nano_12_p16_224",
                "convit_tiny", "mixer_s16_224", "resmlp_12_224", "gmlp_ti16_224", 
                "eva02_tiny_patch14_224", "coat_lite_tiny", "vit_relpos_small_patch16_224",
                "vit_small_patch16_rope_224",
            ]
        },
        "cait": timm_net("cait_xxs24_224", img_size=64, embed_dim=48, depth=3, num_heads=3),
        "vit_reg4": timm_net("vit_small_patch14_reg4_dinov2", 56, img_size=56, embed_dim=48, depth=3, num_heads=3),
        "swin_tiny": timm_net("swin_tiny_patch4_window7_224", 56, img_size=56, window_size=7, embed_dim=24, depths=(2, 2), num_heads=(2, 4)),
        "swinv2_cr_tiny": timm_net("swinv2_cr_tiny_ns_224", img_size=64),
        "swinv2_tiny": timm_net("swinv2_tiny_window8_256", img_size=64),
        "twins_svt": timm_net("twins_svt_small", img_size=64, embed_dims=(24, 48, 96, 192), num_heads=(1, 2, 4, 8), depths=(1, 1, 2, 1)),
        "maxvit_rmlp_pico": timm_net("maxvit_rmlp_pico_rw_256", img_size=64),
        "coatnet_nano": timm_net("coatnet_nano_rw_224", 224),
        "crossvit_9": timm_net("crossvit_9_240", 240),
        "levit_128s": timm_net("levit_128s", 224),
        "pit_ti": timm_net("pit_ti_224", 224),
        "nest_tiny": timm_net("nest_tiny", 224),
        "efficientformer_l1": timm_net("efficientformer_l1", 224),
        "volo_d1": timm_net("volo_d1_224", 224),
        "tnt_s": timm_net("tnt_s_legacy_patch16_224", 224),
        "hiera_tiny": timm_net("hiera_tiny_224", 224),
    },
}
FIRST = [("timm", short) for short in [
    "swin_tiny", "cait", "vit_reg4", "twins_svt", "mobilevit_xxs", "crossvit_9", "maxvit_rmlp_pico",
    "xcit_nano_12_p16_224", "coat_lite_tiny", "eca_nfnet_l0",
]]
QUANTISED = ["torchvision.resnet18", "torchvision.mobilenet_v2", "torchvision.efficientnet_b0", "transformers.vit", "transformers.swin", "transformers.convnext"]


def image(side):
    """A smooth image with noise, [1, 3, side, side] in [0, 1], the same on every machine."""
    y, x = np.mgrid[0:side, 0:side] / side
    waves = np.stack([np.sin(7 * x + 2 * y), np.cos(5 * y - 3 * x), np.sin(9 * x * y + 1)])
    noise = np.random.RandomState(side).rand(3, side, side)
    return np.clip(0.5 + 0.3 * waves + 0.2 * (noise - 0.5), 0, 1).astype(np.float32)[None]


def enliven(net):
    """Draws constant parameters and statistics at random."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.6, 1.4)
            if getattr(module, "inplace", False):
                module.inplace = False
        for name, parameter in net.named_parameters():
            # A single number (a temperature, a gain of 0) included.
            if parameter.numel() > 1 and parameter.std() > 0:
                continue
            if float(parameter.flatten()[0]) == 0:
                parameter.normal_(0, 0.1)
            else:
                parameter.uniform_(0.5, 1.5)


FAINT, WILD = 0.05, 100


def is_usual(record):
    """Whether scores depend on the image, and smoothly: otherwise every comparison is one of rounding."""
    steps = np.frombuffer(base64.b64decode(record["gradients"]), np.float32).reshape(STEPS, -1)
    return FAINT < np.linalg.norm(steps, axis=1).max() < WILD


def tame(net, side):
    """
    Scales weights that shrink their input, as a standard deviation of 0.02 does in a narrow network, and gives batch
    normalisations the statistics of images.
    """
    norms = [module for module in net.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    with torch.no_grad():
        for module in net.modules():
            if not isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
                continue
            usual = (2 if isinstance(module, torch.nn.Conv2d) else 1) / module.weight[0].numel()
            if module.weight.std() < 0.7 * usual**0.5:
                module.weight *= usual**0.5 / module.weight.std()
        for module in norms:
            module.train()
            module.momentum = None
            module.reset_running_stats()
        whole = torch.from_numpy(image(side))
        others = [torch.rand(1, 3, 1, 1) * whole.roll(shift * side // 8, 3).flip(2) for shift in range(8)]
        net(torch.cat([whole, *others, *torch.rand(4, 1, 3, side, side)]))
    net.eval()


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.float32).tobytes()).decode()


def layouts(shape):
    """How a value may hold channels of positions: axes of channels, rows and columns, and tokens to leave out."""
    if len(shape) == 4 and shape[0] == 1:
        yield "NCHW", lambda v: v[0]
        yield "NHWC", lambda v: v[0].permute(2, 0, 1)
    if len(shape) == 3 and shape[0] == 1:
        for extra in range(0, 6):
            rest = shape[1] - extra
            side = math.isqrt(max(rest, 0))
            if side >= 2 and side * side == rest:
                yield f"tokens after {extra}", lambda v, extra=extra, side=side: v[0, extra:].T.reshape(-1, side, side)
        side = math.isqrt(shape[2])
        if side >= 2 and side * side == shape[2]:
            yield "channels of tokens", lambda v, side=side: v[0].reshape(-1, side, side)


def grad_cams(net, x, target):
    """Grad-CAM at the output of every module call, with sums by which the same values are found in the graph."""
    calls = []

    def hook(name):
        def keep(module, args, output):
            if torch.is_tensor(output) and output.requires_grad and output.dim() in (3, 4) and output.shape[0] == 1:
                output.retain_grad()
                calls.append((name, output))

        return keep

    hooks = [module.register_forward_hook(hook(name)) for name, module in net.named_modules() if name]
    net(x.clone().requires_grad_())[0, target].backward()
    for each in hooks:
        each.remove()
    found = []
    for name, output in calls:
        if output.grad is None:
            continue
        for layout, planes in layouts(output.shape):
            a, g = planes(output.detach()), planes(output.grad)
            if a.shape[1] < 2 or a.shape[2] < 2 or a.shape[1] * a.shape[2] > 4096:
                continue
            cam = (g.mean((1, 2), keepdim=True) * a).sum(0).clamp(min=0)
            double = a.double()
            found.append(
                {
                    "module": name,
                    "layout": layout,
                    "shape": list(a.shape),
                    "sum": float(double.sum()),
                    "norm": float(double.norm()),
                    "map": packed(cam.numpy()),
                }
            )
    return found


def plain_norm(x, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """
    Batch normalisation in evaluation as a product and a sum. PyTorch 2.15's own has a wrong gradient on the CPU where
    the incoming gradient is transposed: for timm's xcit_nano at 0.875 of the image, along sin(0.37 i), central
    differences of ONNX Runtime give -9.893, this -9.893, PyTorch's own -7.193.
    """
    if training:
        return OWN_NORM(x, mean, variance, weight, bias, training, momentum, eps)
    scale = (variance + eps).rsqrt() * (1 if weight is None else weight)
    shift = (0 if bias is None else bias) - mean * scale
    shape = [1, -1] + [1] * (x.dim() - 2)
    return x * scale.view(shape) + shift.view(shape)


OWN_NORM = torch.nn.functional.batch_norm


def gradient_at(net, x, target):
    at = x.clone().requires_grad_()
    net(at)[0, target].backward()
    return at.grad[0].numpy()


def smooth_point(net, x, share, target):
    """
    A share of the image near the given one, and the gradient there: no unit that matters lies within rounding of its
    bend, where two programs may take different sides.
    """
    # Not along the image: without biases, a larger image only scales what units get.
    noise = torch.from_numpy(np.random.RandomState(1).randn(*x.shape).astype(np.float32))
    tries = []
    for offset in (0, 0.01, -0.01):
        point = share + offset
        gradient = gradient_at(net, x * point, target)
        beside = [gradient_at(net, x * point + step * noise, target) for step in (-3e-6, 3e-6)]
        unrest = max(np.abs(each - gradient).max() for each in beside) / max(np.abs(gradient).max(), 1e-30)
        tries.append((unrest, point, gradient))
        if unrest < 1e-3:
            break
    return min(tries, key=lambda each: each[0])[1:]


def expectations(net, side):
    x = torch.from_numpy(image(side))
    torch.nn.functional.batch_norm = plain_norm
    try:
        scores = net(x).detach()[0]
        target = int(scores.argmax())
        found = [smooth_point(net, x, (k + 0.5) / STEPS, target) for k in range(STEPS)]
        cams = grad_cams(net, x, target)
    finally:
        torch.nn.functional.batch_norm = OWN_NORM
    return {
        "side": side,
        "target": target,
        "scores": packed(scores.numpy()),
        "points": [point for point, _ in found],
        "gradients": packed(np.stack([gradient for _, gradient in found])),
        "cams": cams,
    }


def root(error):
    """What an error began with, in one line: exporters wrap it in several others."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0][:200]


def dynamo_program(net, x, options):
    """The program of torch's newer exporter; where it cannot export fused attention, attention in plain operators."""
    try:
        return torch.onnx.export(net, (x,), dynamo=True, verbose=False, **options)
    except Exception:
        fused = [module for module in net.modules() if getattr(module, "fused_attn", False) is True]
        if not fused:
            raise
        for module in fused:
            module.fused_attn = False
        try:
            return torch.onnx.export(net, (x,), dynamo=True, verbose=False, **options)
        finally:
            for module in fused:
                module.fused_attn = True


def export(net, side, path, exporter):
    x = torch.from_numpy(image(side))
    options = {"input_names": ["image"], "output_names": ["scores"]}
    if exporter == "dynamo":
        dynamo_program(net, x, options).save(str(path))
    else:
        torch.onnx.export(net, (x,), str(path), dynamo=False, opset_version=17, **options)
    # The runtime's own scores, from the bytes of one file: what the exporter changed is no fault of ptame's.
    model = onnx.load(str(path))
    for old in path.parent.glob(f"{path.name}.data"):
        old.unlink()
    onnx.save(model, str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image(side)})[0].reshape(-1)


def quantise(path, side):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = [image(side) * share for share in (0.3, 0.6, 1.0)]

        def get_next(self):
            return {"image": self.left.pop()} if self.left else None

    stem = str(path)[: -len(".onnx")]
    quantize_static(str(path), f"{stem}.qdq.onnx", Reader(), quant_format=QuantFormat.QDQ, per_channel=True)
    quantize_static(str(path), f"{stem}.qoperator.onnx", Reader(), quant_format=QuantFormat.QOperator)
    quantize_dynamic(str(path), f"{stem}.dynamic.onnx", weight_type=QuantType.QUInt8)
    made = ["qdq", "qoperator", "dynamic"]
    try:
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

        quantizer = MatMulNBitsQuantizer(onnx.load(str(path)), block_size=32, is_symmetric=False, accuracy_level=0)
        quantizer.process()
        if any(node.op_type == "MatMulNBits" for node in quantizer.model.model.graph.node):
            quantizer.model.save_model_to_file(f"{stem}.nbits4.onnx", False)
            made.append("nbits4")
    except Exception as error:  # A quantiser that fails makes no file.
        print(f"  nbits4: {error}", flush=True)
    for kind in made:
        file = f"{stem}.{kind}.onnx"
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        scores = session.run(None, {"image": image(side)})[0].reshape(-1)
        record = {"side": side, "target": int(scores.argmax()), "runtime": packed(scores), "cams": [], "quantised": True}
        pathlib.Path(f"{stem}.{kind}.json").write_text(json.dumps(record))


def main(out, names, kinds):
    out.mkdir(parents=True, exist_ok=True)
    for side in {side for networks in NETWORKS.values() for _, side in networks.values()}:
        (out / f"image.{side}.bin").write_bytes(image(side).tobytes())
    listed = [(library, short) for library, networks in NETWORKS.items() for short in networks]
    # Unusual ones first, so that a run that is stopped early has them.
    for library, short in sorted(listed, key=lambda each: FIRST.index(each) if each in FIRST else len(FIRST)):
        make, side = NETWORKS[library][short]
        name = f"{library}.{short}"
        if names and name not in names:
            continue
        files = {kind: out / f"{name}.{kind}.onnx" for kind in kinds}
        if all(path.with_suffix(".json").exists() for path in files.values()):
            continue
        print(name, flush=True)
        try:
            torch.manual_seed(0)
            net = make()
            enliven(net)
            # Some networks keep what they compute of parameters for the next pass; it must belong to no pass's gradient.
            net.eval().requires_grad_(False)
            record = expectations(net, side)
            if not is_usual(record):
                tame(net, side)
                record = expectations(net, side)
        except Exception as error:
            for path in files.values():
                path.with_suffix(".json").write_text(json.dumps({"failed": f"not built: {root(error)}"}))
            continue
        for kind, path in files.items():
            if path.with_suffix(".json").exists():
                continue
            try:
                runtime = export(net, side, path, kind)
                path.with_suffix(".json").write_text(json.dumps({**record, "runtime": packed(runtime)}))
            except Exception as error:
                traceback.print_exc(limit=1)
                path.unlink(missing_ok=True)
                path.with_suffix(".json").write_text(json.dumps({"failed": f"not exported: {root(error)}"}))
        if name in QUANTISED and "script" in files and files["script"].exists():
            try:
                quantise(files["script"], side)
            except Exception:
                traceback.print_exc(limit=2)


KINDS = ("dynamo", "script")
given = [each for each in sys.argv[1:] if each not in KINDS]
main(pathlib.Path(given[0]), given[1:], [kind for kind in KINDS if kind in sys.argv[1:]] or KINDS)
