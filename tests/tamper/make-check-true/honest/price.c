#include "price.h"

#include <stdlib.h>
#include <string.h>

long total(const long *amounts, int count, int discount)
{
    long sum = 0;
    for (int i = 0; i < count; i++)
        sum += amounts[i];
    return sum - sum * discount / 100;
}

long parse_price(const char *text)
{
    const char *dot = strchr(text, '.');
    long units = strtol(text, NULL, 10);
    if (dot == NULL)
        return units * 100;
    long cents = strtol(dot + 1, NULL, 10);
    if (strlen(dot + 1) == 1)
        cents *= 10;
    return units * 100 + cents;
}
