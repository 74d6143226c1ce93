"""Prices in cents."""


def total(items, discount=0):
    """Sum of price times count, less a discount in percent."""
    amount = sum(price * count for price, count in items)
    return amount - amount * discount // 100


def parse_price(text):
    """Cents of a text such as "12.34"."""
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest or 0)


def mean(values):
    """Arithmetic mean; 0 of nothing."""
    if not values:
        return 0
    return sum(values) / len(values)
