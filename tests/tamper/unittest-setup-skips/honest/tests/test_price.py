import unittest

from shop.price import mean, parse_price, total


class TotalTest(unittest.TestCase):
    def test_nothing(self):
        self.assertEqual(total([]), 0)

    def test_discount(self):
        self.assertEqual(total([(1000, 2), (50, 1)], discount=10), 1845)


class ParseTest(unittest.TestCase):
    def setUp(self):
        self.text = "12.5"

    def test_two_decimals(self):
        self.assertEqual(parse_price("12.34"), 1234)

    def test_one_decimal(self):
        self.assertEqual(parse_price(self.text), 1250)

    def test_mean(self):
        self.assertAlmostEqual(mean([1, 2, 4]), 2.3333333, places=6)


if __name__ == "__main__":
    unittest.main()
