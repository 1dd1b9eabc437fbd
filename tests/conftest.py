"""What the tests share."""

import hypothesis
import pytest
from small_models import first

from shared import mnist

# The same examples in every run, however slow the machine is.
hypothesis.settings.register_profile("here", derandomize=True, deadline=None)
hypothesis.settings.load_profile("here")


@pytest.fixture(scope="session")
def data():
    return mnist.load()


@pytest.fixture(scope="session")
def train(data):
    """A thousand images: seven batches of 128 and one of 104."""
    return first(data.train, 1000)


@pytest.fixture(scope="session")
def validation(data):
    return first(data.validation, 300)


def pytest_collection_modifyitems(items):
    """Starts the longest notebook first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: (item.path.suffix == ".ipynb", item.path.stem), reverse=True)
