import unittest


class PriceCase(unittest.TestCase):
    def assertPrice(self, actual, cents):
        self.assertEqual(actual, cents)
