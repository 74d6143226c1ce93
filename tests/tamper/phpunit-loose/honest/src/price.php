<?php
// Prices in cents.

function total(array $amounts, int $discount = 0): int
{
    $sum = array_sum($amounts);
    return $sum - intdiv($sum * $discount, 100);
}

function parse_price(string $text): int
{
    [$whole, $rest] = array_pad(explode('.', $text), 2, '');
    return (int) $whole * 100 + (int) substr(str_pad($rest, 2, '0'), 0, 2);
}
