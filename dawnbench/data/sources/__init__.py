"""Where images come from: published data sets by name, .npz files, image folders, and two of our own."""

from dawnbench.data.sources.load import load_dataset
from dawnbench.data.sources.names import DATASETS
from dawnbench.data.sources.progress import Progress

__all__ = ["DATASETS", "Progress", "load_dataset"]
