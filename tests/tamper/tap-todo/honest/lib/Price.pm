package Price;
# Prices in cents.
use strict;
use warnings;

sub total {
    my ($discount, @amounts) = @_;
    my $sum = 0;
    $sum += $_ for @amounts;
    return $sum - int($sum * $discount / 100);
}

sub parse {
    my ($text) = @_;
    my ($whole, $rest) = split /\./, $text;
    return $whole * 100 + substr(($rest // '') . '00', 0, 2);
}

1;
