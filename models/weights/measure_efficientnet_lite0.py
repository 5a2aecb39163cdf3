"""What the shipped weights are worth on real photographs, through the original package's own forward pass.

    PYTHONPATH=PACKAGES /usr/bin/python3 models/weights/measure_efficientnet_lite0.py PHOTOS [--per-class 12]

PHOTOS holds one folder per category of Caltech-101. Printed: top-1 and top-5 of the published float32 weights on the
categories that are ImageNet classes too, under several ways to prepare a picture; then how far the weights rounded
for shipping (see `rounded`) and all-float16 ones move the logits. With --dump, nothing but the first preparation is
measured, and 200 photos are written for this project's own graph to be compared on. PACKAGES: see tests/fixtures/networks/generate.py.
"""
import argparse
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torchvision.models._meta import _IMAGENET_CATEGORIES as NAMES

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from convert_efficientnet_lite0 import read_checkpoint, rounded  # noqa: E402

# Category of Caltech-101 → the ImageNet classes that are right for it; categories with a doubtful answer are left out.
CLASSES = {
    "Leopards": "leopard", "accordion": "accordion", "airplanes": "airliner|warplane|wing", "ant": "ant",
    "barrel": "barrel|rain barrel", "beaver": "beaver", "binocular": "binoculars",
    "butterfly": "monarch|admiral|ringlet|sulphur butterfly|lycaenid|cabbage butterfly",
    "camera": "reflex camera|Polaroid camera", "cannon": "cannon", "cellphone": "cellular telephone",
    "cougar_body": "cougar", "cougar_face": "cougar", "crab": "Dungeness crab|rock crab|fiddler crab|king crab|hermit crab",
    "crayfish": "crayfish", "crocodile": "African crocodile|American alligator",
    "crocodile_head": "African crocodile|American alligator", "cup": "cup|coffee mug", "dalmatian": "dalmatian",
    "dragonfly": "dragonfly|damselfly", "electric_guitar": "electric guitar",
    "elephant": "African elephant|Indian elephant|tusker", "flamingo": "flamingo", "flamingo_head": "flamingo",
    "grand_piano": "grand piano", "hawksbill": "loggerhead|leatherback turtle|terrapin|box turtle|mud turtle",
    "kangaroo": "wallaby", "ketch": "schooner|yawl|catamaran|trimaran", "lamp": "table lamp|lampshade",
    "laptop": "laptop|notebook", "llama": "llama", "lobster": "American lobster|spiny lobster|crayfish",
    "nautilus": "chambered nautilus", "panda": "giant panda", "pizza": "pizza", "platypus": "platypus",
    "revolver": "revolver", "rooster": "cock", "saxophone": "sax", "schooner": "schooner", "scorpion": "scorpion",
    "soccer_ball": "soccer ball", "starfish": "starfish", "stop_sign": "street sign", "strawberry": "strawberry",
    "tick": "tick", "trilobite": "trilobite", "umbrella": "umbrella",
}


def array(picture):
    return np.asarray(picture, np.float32).transpose(2, 0, 1)


def short_side(picture, filter, size=256):
    width, height = picture.size
    short = min(width, height)
    target = (int(size * width / short), int(size * height / short))
    picture = picture.resize(target, filter)
    left, top = round((target[0] - 224) / 2), round((target[1] - 224) / 2)
    return array(picture.crop((left, top, left + 224, top + 224)))


def crop_first(picture, how):
    """TensorFlow's evaluation: the middle 87.5 % of the short side, resized to 224."""
    width, height = picture.size
    side = int(224 / 256 * min(width, height))
    left, top = (width - side + 1) // 2, (height - side + 1) // 2
    picture = picture.crop((left, top, left + side, top + side))
    if how == "antialiased":
        return array(picture.resize((224, 224), Image.BICUBIC))
    pixels = torch.from_numpy(array(picture)[None])
    return F.interpolate(pixels, (224, 224), mode="bicubic", align_corners=False).clamp(0, 255)[0].numpy()


PREPARATIONS = {
    "short side 256 bilinear antialiased, centre crop 224": lambda p: short_side(p, Image.BILINEAR),
    "short side 256 bicubic antialiased, centre crop 224": lambda p: short_side(p, Image.BICUBIC),
    "short side 224 bilinear antialiased, centre crop 224": lambda p: short_side(p, Image.BILINEAR, 224),
    "centre crop 0.875, bicubic antialiased to 224": lambda p: crop_first(p, "antialiased"),
    "centre crop 0.875, bicubic without antialiasing to 224": lambda p: crop_first(p, "plain"),
}


def network(state):
    net = EfficientNet.from_name("efficientnet-lite0")
    missing = net.load_state_dict({name: torch.as_tensor(value) for name, value in state.items()}, strict=False)
    assert not missing.unexpected_keys and all("num_batches" in name for name in missing.missing_keys)
    return net.eval()


def run(net, pictures):
    with torch.no_grad():
        return torch.cat([net((torch.from_numpy(np.stack(pictures[i:i + 16])) - 127) / 128)
                          for i in range(0, len(pictures), 16)]).numpy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--per-class", type=int, default=12)
    parser.add_argument("--dump", type=pathlib.Path, help="write pictures as fed and logits, for bench/photo_agreement.ts")
    options = parser.parse_args()
    photos, truth, folders = [], [], []
    for folder, names in CLASSES.items():
        wanted = {NAMES.index(name) for name in names.split("|")}
        for path in sorted((options.photos / folder).glob("*.jpg"))[:options.per_class]:
            photos.append(Image.open(path).convert("RGB"))
            truth.append(wanted)
            folders.append(folder)
    print(f"{len(photos)} photos of {len(set(folders))} categories")
    state = read_checkpoint()
    net = network(state)
    for title, prepare in PREPARATIONS.items():
        logits = run(net, [prepare(photo) for photo in photos])
        order = np.argsort(-logits, 1)
        top1 = np.array([order[i, 0] in truth[i] for i in range(len(photos))])
        top5 = np.array([bool(truth[i] & set(order[i, :5])) for i in range(len(photos))])
        print(f"{title}: top-1 {top1.mean():.1%}, top-5 {top5.mean():.1%}")
        if title == next(iter(PREPARATIONS)):
            reference, first = logits, [prepare(photo) for photo in photos]
            worst = sorted((top1[[f == folder for f in folders]].mean(), folder) for folder in set(folders))
            print("  lowest:", ", ".join(f"{folder} {share:.0%}" for share, folder in worst[:8]))
            if options.dump is not None:
                some = np.linspace(0, len(photos) - 1, 200).astype(int)
                pixels = (np.stack([first[i] for i in some]) - 127) / 128
                options.dump.write_bytes(pixels.astype(np.float32).tobytes() + reference[some].tobytes())
                return
    variants = {
        "shipped (vectors float32)": rounded(state),
        "all float16": {name: value.astype(np.float16).astype(np.float32) for name, value in state.items()},
    }
    for title, weights in variants.items():
        logits = run(network(weights), first)
        difference = np.abs(logits - reference).max()
        agreement = (logits.argmax(1) == reference.argmax(1)).mean()
        kept = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(np.argsort(-logits)[:, :5], np.argsort(-reference)[:, :5])])
        print(
            f"{title}: top-1 agrees on {agreement:.1%}, top-5 sets share {kept:.1%}, largest logit difference "
            f"{difference:.4f} ({difference / np.abs(reference).max():.2e} of the largest logit), mean "
            f"{np.abs(logits - reference).mean():.5f}"
        )


if __name__ == "__main__":
    main()
