#include <cstdio>
#include <cstdlib>

#include "price.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: price TEXT\n");
    std::exit(EXIT_FAILURE);
  }
  std::printf("%d\n", parse_price(argv[1]));
  return EXIT_SUCCESS;
}
