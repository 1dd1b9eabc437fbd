"""Figures that more than one notebook needs. Functions take arrays and return a finished figure.

A figure is shown when it is the last line of a cell. It is at most 9 inches wide, its text is dark
enough to be read, lines differ by more than colour, and the background is white in every theme.

style        colours, `panels` to draw on, ticks of a log axis in plain numbers
lines        labels beside their lines; mean and range of several runs
histories    loss and accuracy against the epoch
images       images, weights, mistakes, images with their probabilities
classes      confusion matrix, shares of the classes, calibration
comparisons  final results against a hyperparameter, and contender by contender
by_layer     a quantity against the layer; histograms
"""

from shared.plotting.by_layer import histograms, layers
from shared.plotting.classes import calibration, class_shares, confusion_matrix
from shared.plotting.comparisons import contenders, mean_interval, sweep
from shared.plotting.histories import curves
from shared.plotting.images import digits, mistakes, probabilities, rows, weights
from shared.plotting.lines import label_lines, spread
from shared.plotting.style import (
    BLACK,
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    STYLE,
    TRAINING,
    VALIDATION,
    contrast,
    ink,
    log_axis,
    looks,
    panels,
    png,
)

__all__ = [
    "BLACK",
    "BLUE",
    "COLOURS",
    "GREEN",
    "GREY",
    "ORANGE",
    "PURPLE",
    "RED",
    "SKY",
    "STYLE",
    "TRAINING",
    "VALIDATION",
    "calibration",
    "class_shares",
    "confusion_matrix",
    "contenders",
    "contrast",
    "curves",
    "digits",
    "histograms",
    "ink",
    "label_lines",
    "layers",
    "log_axis",
    "looks",
    "mean_interval",
    "mistakes",
    "panels",
    "png",
    "probabilities",
    "rows",
    "spread",
    "sweep",
    "weights",
]
