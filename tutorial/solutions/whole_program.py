"""Solutions of the exercises of the chapter on a whole program."""

import torch


@torch.no_grad()
def predict_one(model, image):
    """Make a batch of one image with one channel, and put the mode back."""
    training = model.training
    model.eval()
    batch = torch.from_numpy(image).float()[None, None]
    probability, answer = model(batch).softmax(1).max(1)
    model.train(training)
    return answer.item(), probability.item()


@torch.no_grad()
def confusion(model, loader, classes):
    """Number each pair of class and answer, and count the numbers."""
    model.eval()
    counts = torch.zeros(classes * classes, dtype=torch.int64)
    for images, labels in loader:
        pairs = labels * classes + model(images).argmax(1)
        counts += torch.bincount(pairs, minlength=classes * classes)
    return counts.reshape(classes, classes)
