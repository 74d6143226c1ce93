<?php

use PHPUnit\Framework\TestCase;

final class PriceTest extends TestCase
{
    public function testTotal(): void
    {
        $this->assertSame(1845, total([1000, 1000, 50], 10));
    }

    public function testTwoDecimals(): void
    {
        $this->assertSame(1234, parse_price('12.34'));
    }

    public function testOneDecimal(): void
    {
        $this->assertNotNull(parse_price('12.5'));
    }
}
