"""What the tests share."""

import hypothesis
import pytest

from shared import mnist

# The same examples in every run, however slow the machine is.
hypothesis.settings.register_profile("here", derandomize=True, deadline=None)
hypothesis.settings.load_profile("here")


@pytest.fixture(scope="session")
def data():
    return mnist.load()
