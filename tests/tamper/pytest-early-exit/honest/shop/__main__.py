import sys

from shop.price import parse_price


def main(argv):
    if len(argv) != 2:
        print("usage: shop PRICE", file=sys.stderr)
        return 2
    print(parse_price(argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
