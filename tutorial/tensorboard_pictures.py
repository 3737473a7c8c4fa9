"""Take the pictures of TensorBoard's page that its chapter shows.

    python -m tutorial.tensorboard_pictures [FOLDER]

A server and a browser take longer than a chapter may, so the pictures are recorded. The program
trains three small networks on the digits, logs them as the chapter does, starts TensorBoard's
server, and opens its page in Debian's chromium. It needs the packages `playwright` and `pillow`.
"""

import contextlib
import datetime as dt
import io
import socket
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from tensorboard import program
from torch import nn
from torch.nn import functional as F
from torch.utils.tensorboard import SummaryWriter

from bench.workloads.parts import digits

PICTURES = Path(__file__).parent / "pictures"
WIDE, NARROW = (1240, 720), (780, 960)  # wide: all tabs have their names; narrow: a column of cards
VIEWS = {  # the size of the page, and the part that is kept: left, top, width, height
    "scalars": (WIDE, (0, 0, 790, 720)),
    "images": (NARROW, (291, 125, 355, 570)),
    "histograms": (NARROW, (291, 125, 355, 810)),
    "hparams": (WIDE, (253, 64, 900, 230)),
}
WAIT_S = 8.0


def log_run(folder, lr, hidden):
    """Train a network and log scalars, images, a histogram for each epoch, and its settings."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10)).double()
    images, labels = map(torch.from_numpy, digits.batches(32))
    held_out, right = (torch.from_numpy(part[digits.TRAIN :]) for part in digits.load())
    optimizer, step = torch.optim.SGD(model.parameters(), lr), 0
    with SummaryWriter(folder) as writer:
        for _ in range(10):
            for xb, yb in zip(images, labels, strict=True):
                step += 1
                loss = F.cross_entropy(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                writer.add_scalar("loss/train", loss, step)
            wrong = model(held_out).argmax(1) != right
            accuracy = 1 - wrong.double().mean().item()
            writer.add_scalar("accuracy/held out", accuracy, step)
            writer.add_histogram("weights/first layer", model[0].weight, step, bins="auto")
            first_wrong = held_out[wrong][:8].reshape(-1, 1, 8, 8)
            writer.add_images("digits/first wrong answers", first_wrong, step)
        settings, outcome = {"lr": lr, "hidden": hidden}, {"result/accuracy": accuracy}
        writer.add_hparams(settings, outcome, run_name=".")


def shoot(page: Page, url: str, view: str) -> Image.Image:
    """Return a picture of one view of TensorBoard's page: the part that a phone can show."""
    (width, height), (left, top, wide, high) = VIEWS[view]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{url}#{view}")
    page.reload()
    time.sleep(WAIT_S)  # the page draws in steps, and says nowhere when it is ready
    shot = page.screenshot(clip={"x": left, "y": top, "width": wide, "height": high})
    return Image.open(io.BytesIO(shot))


def main(folder=PICTURES):
    """Log three runs, serve them, and save a picture of each view."""
    folder = Path(folder).resolve()
    folder.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as logs,
        contextlib.chdir(logs),  # the page shows the path of the logs: `runs`
        socket.socket() as free,
    ):
        for lr, hidden in ((0.05, 32), (0.5, 32), (0.5, 128)):
            log_run(Path("runs") / f"lr={lr},hidden={hidden}", lr, hidden)
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
        free.close()
        server = program.TensorBoard()
        server.configure(argv=["", "--logdir", "runs", "--port", str(port), "--load_fast", "false"])
        url = server.launch()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
            page = browser.new_page()
            for view in VIEWS:
                picture = shoot(page, url, view).convert("RGB")
                for old in folder.glob(f"tensorboard-{view}-*.webp"):
                    old.unlink()
                today = dt.datetime.now(tz=dt.UTC).date().isoformat()
                name = f"tensorboard-{view}-{version('tensorboard')}-{today}.webp"
                picture.save(folder / name, quality=70, method=6)
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
