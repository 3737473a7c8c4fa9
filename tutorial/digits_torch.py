"""Train a network on handwritten digits, save it, load it and predict: a whole PyTorch program.

    python -m tutorial.digits_torch weights.pt

`tutorial/digits_numpy.py` is the same program in NumPy.
"""

import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

DEVICE = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"


class Digits(Dataset):
    def __init__(self, rows):
        images, labels = load_digits(return_X_y=True)
        self.images = torch.tensor(images[rows] / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
        self.labels = torch.tensor(labels[rows])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, row):
        return self.images[row], self.labels[row]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(16 * 4 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.linear(self.dropout(x.flatten(1)))


def train(model, loader, optimizer):
    model.train()
    for images, labels in loader:
        loss = F.cross_entropy(model(images.to(DEVICE)), labels.to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    right = sum((predict(model, images) == labels).sum().item() for images, labels in loader)
    return right / len(loader.dataset)


def predict(model, images):
    return model(images.to(DEVICE)).argmax(1).cpu()


def main(path, epochs=10):
    torch.manual_seed(0)
    rows = np.random.default_rng(0).permutation(1797)
    training, validation, test = (Digits(part) for part in np.split(rows, [1200, 1500]))
    loader = DataLoader(training, batch_size=32, shuffle=True)
    model = Network().to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(epochs):
        loss = train(model, loader, optimizer)
        right = accuracy(model, DataLoader(validation, batch_size=300))
        print(f"epoch {epoch + 1:2}: loss {loss:.3f}, {right:.1%} of the validation images right")
    torch.save(model.state_dict(), path)

    model = Network().to(DEVICE)
    model.load_state_dict(torch.load(path, weights_only=True))
    print(f"{accuracy(model, DataLoader(test, batch_size=300)):.1%} of the test images right")


if __name__ == "__main__":
    main(sys.argv[1])
