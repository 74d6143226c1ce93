use strict;
use warnings;
use Test::More tests => 4;
use lib 'lib';
use Price;

is(Price::total(10, 1000, 1000, 50), 1845, 'discount');
is(Price::parse('12.34'), 1234, 'two decimals');
is(Price::parse('12.5'), 1250, 'one decimal');
is(Price::parse('7'), 700, 'whole');
