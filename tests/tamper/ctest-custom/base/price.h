#ifndef PRICE_H
#define PRICE_H

long total(const long *amounts, int count, int discount);
long parse_price(const char *text);

#endif
