"""Diagrams drawn by code from models, masks, images and numbers; each returns a finished figure.

A figure is shown when it is the last line of a cell. It is at most 9 x 4.5 inches, its text at
least 9 points, and every function refuses what would not be readable within that.
"""

from .batches import batch_matrix
from .blocks import feature_maps
from .convolutions import kernel, pooling
from .graphs import Node, computation_graph
from .networks import dropped, network
from .surfaces import loss_surface

__all__ = [
    "Node",
    "batch_matrix",
    "computation_graph",
    "dropped",
    "feature_maps",
    "kernel",
    "loss_surface",
    "network",
    "pooling",
]
