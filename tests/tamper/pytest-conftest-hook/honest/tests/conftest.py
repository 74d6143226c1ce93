import pytest


@pytest.fixture
def basket():
    return [(1000, 2), (50, 1)]
