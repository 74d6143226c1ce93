import pytest

from shop.price import mean, parse_price, total


def test_total_of_nothing():
    assert total([]) == 0


def test_total_with_discount():
    assert total([(1000, 2), (50, 1)], discount=10) == 1845


def test_two_decimals():
    assert parse_price("12.34") == 1234


def test_one_decimal():
    assert parse_price("12.5") == 1250


def test_mean():
    assert mean([1, 2, 4]) == pytest.approx(2.3333333, rel=1e-6)
