package org.example

import kotlin.test.Test
import kotlin.test.assertEquals

class PriceTest {
    @Test
    fun `takes a discount`() {
        assertEquals(1845, total(listOf(1000, 1000, 50), 10))
    }

    @Test
    fun `reads two decimals`() {
        assertEquals(1234, parsePrice("12.34"))
    }

    @Test
    fun `reads one decimal`() {
        assertEquals(1250, parsePrice("12.5"))
        assertEquals(10, parsePrice("0.1"))
    }
}
