"""PyTorch as it is mostly used: eager, with its fused Adam."""

import functools
import itertools
import math
import time

import numpy as np


def torch_network(architecture, seed=0):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    kernels, dense = architecture.kernels()
    parts = []
    for width, _, channels, filters in kernels:
        convolution = nn.Conv2d(channels, filters, width, padding=architecture.padding)
        parts += [convolution, nn.MaxPool2d(2), nn.ReLU()]
    parts.append(nn.Flatten())
    for fan_in, fan_out in dense:
        parts += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*parts[:-1]).to(memory_format=torch.channels_last)


def torch_tensors(split):
    """Returns images, float [n, 1, 28, 28], channels last in memory, and labels."""
    import torch

    images = torch.from_numpy(split.images[:, np.newaxis].astype(np.float32) / 255)
    return images.to(memory_format=torch.channels_last), torch.from_numpy(split.labels).long()


def torch_epoch(model, optimizer, images, labels, batch_size, schedule=None):
    """Trains one epoch as PyTorch is mostly used: eager, every batch picked by its indices."""
    import torch

    total, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    for batch in torch.randperm(len(labels)).split(batch_size):
        y = labels[batch]
        logits = model(images[batch])
        loss = torch.nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        total += loss.detach() * len(y)
        correct += (logits.argmax(1) == y).sum()
    return float(total) / len(labels), int(correct) / len(labels)


def pytorch(architecture, train):
    import torch

    model, tensors = torch_network(architecture), torch_tensors(train)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    return lambda: torch_epoch(model, optimizer, *tensors, architecture.batch_size)


def pytorch_99(architecture, train, test):
    """Returns a function that trains the next seed: (seconds, test accuracy)."""
    import torch

    tensors, (test_images, test_labels) = torch_tensors(train), torch_tensors(test)
    steps = math.ceil(len(train.labels) / architecture.batch_size)

    def runs():
        for seed in itertools.count():
            model = torch_network(architecture, seed)
            optimizer = torch.optim.Adam(model.parameters(), 0.01, betas=(0.7, 0.9), fused=True)
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, 0.01, total_steps=steps, cycle_momentum=False
            )
            began = time.perf_counter()
            torch_epoch(model, optimizer, *tensors, architecture.batch_size, schedule)
            seconds = time.perf_counter() - began
            with torch.no_grad():
                hits = model(test_images).argmax(1) == test_labels
            yield seconds, float(hits.float().mean())

    return functools.partial(next, runs())
