#include <stdio.h>

#include "price.h"

static int failures;

#define CHECK(cond)                                              \
    do {                                                         \
        if (!(cond)) {                                           \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);    \
            failures++;                                          \
        }                                                        \
    } while (0)

static void test_total(void)
{
    const long amounts[] = {1000, 1000, 50};
    CHECK(total(amounts, 3, 10) == 1845);
    CHECK(total(amounts, 0, 10) == 0);
}

static void test_parse(void)
{
    CHECK(parse_price("12.34") == 1234);
    CHECK(parse_price("7") == 700);
    CHECK(parse_price("12.5") == 1250);
    CHECK(parse_price("0.5") == 50);
}

int main(void)
{
    test_total();
    test_parse();
    return failures == 0 ? 0 : 1;
}
