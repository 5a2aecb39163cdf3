"""P-TAME in PyTorch, written from the paper, to measure beside: with all 1000 maps and the second pass of the backbone
over the masked picture, as the original program does for each explanation.

    python3 bench/peer_pytorch.py --serve              answers one JSON line per line asked: "explain", "train", "stop"
    python3 bench/peer_pytorch.py --once PHOTO OUT.png explains one photograph in a process of its own

Needs torch and torchvision (Debian: python3-torch python3-torchvision libopenblas0-pthread, or from PyPI). Weights are
random: time does not depend on them.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

CHANNELS = (64, 128, 256, 512)
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
# The paper's ResNet-50 row.
CE, AREA, POWER, LEARNING_RATE, WEIGHT_DECAY = 0.16142940055382465, 0.8385705994463174, 0.3, 1e-4, 2.4266552933845608e-4


class Head(torch.nn.Module):
    """r_l = ReLU(BN(conv(f_l)) + f_l), doubled to the largest size, concatenated, one map per class."""

    def __init__(self, classes=1000):
        super().__init__()
        self.convs = torch.nn.ModuleList(torch.nn.Conv2d(c, c, 1) for c in CHANNELS)
        self.bns = torch.nn.ModuleList(torch.nn.BatchNorm2d(c) for c in CHANNELS)
        self.fuser = torch.nn.Conv2d(sum(CHANNELS), classes, 1, bias=False)

    def forward(self, taps):
        large = []
        for tap, conv, bn in zip(taps, self.convs, self.bns):
            r = F.relu(bn(conv(tap)) + tap)
            while r.shape[-1] < taps[0].shape[-1]:
                r = F.interpolate(r, scale_factor=2, mode="bilinear", align_corners=False)
            large.append(r)
        return self.fuser(torch.cat(large, 1))


class Explainer:
    def __init__(self):
        torch.manual_seed(0)
        self.backbone = torchvision.models.resnet50().eval().requires_grad_(False)
        self.auxiliary = torchvision.models.resnet18().eval().requires_grad_(False)
        self.head = Head().eval()
        self.optimiser = torch.optim.AdamW(
            self.head.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, amsgrad=True)

    def taps(self, x):
        net = self.auxiliary
        x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
        taps = []
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            x = layer(x)
            taps.append(x)
        return taps

    def classify(self, image):
        return self.backbone((image - MEAN) / STD)

    @torch.no_grad()
    def explain(self, image):
        target = self.classify(image).argmax(1)
        maps = self.head(self.taps((image - MEAN) / STD))
        low = maps.amin((2, 3), keepdim=True)
        masks = (maps - low) / (maps.amax((2, 3), keepdim=True) - low).clamp_min(1e-8)
        mask = masks[torch.arange(len(target)), target].unsqueeze(1)
        large = F.interpolate(mask, size=image.shape[2:], mode="bilinear", align_corners=False)
        self.classify(image * large)
        return mask

    def train_step(self, image, target):
        """One step, the target known."""
        self.head.train()
        masks = torch.sigmoid(self.head(self.taps((image - MEAN) / STD)))[:, target]
        own = torch.diagonal(masks, dim1=0, dim2=1).permute(2, 0, 1).unsqueeze(1)
        large = F.interpolate(own, size=image.shape[2:], mode="bilinear", align_corners=False)
        loss = CE * F.cross_entropy(self.classify(image * large), target) + AREA * ((masks + 0.0005) ** POWER).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.head.eval()


def serve():
    explainer = Explainer()
    image = torch.rand(1, 3, 224, 224)
    target = torch.tensor([7])
    acts = {"explain": lambda: explainer.explain(image), "train": lambda: explainer.train_step(image, target)}
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        act = acts.get(line.strip())
        if act is None:
            break
        started = time.perf_counter()
        act()
        print(json.dumps({"milliseconds": 1000 * (time.perf_counter() - started)}), flush=True)


def once(photo, out):
    from PIL import Image
    from torchvision import transforms

    picture = Image.open(photo).convert("RGB")
    prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
    image = prepare(picture).unsqueeze(0)
    mask = Explainer().explain(image)[0, 0]
    heat = F.interpolate(mask[None, None], size=(224, 224), mode="bilinear", align_corners=False)[0]
    overlay = 0.5 * image[0] + 0.5 * torch.cat([heat, torch.zeros_like(heat), 1 - heat])
    transforms.ToPILImage()(overlay).save(out)


if __name__ == "__main__":
    torch.set_num_threads(2)
    if sys.argv[1:2] == ["--serve"]:
        serve()
    elif sys.argv[1:2] == ["--once"] and len(sys.argv) == 4:
        once(*sys.argv[2:])
    else:
        sys.exit(__doc__)
