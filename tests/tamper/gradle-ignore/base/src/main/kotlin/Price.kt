package org.example

fun total(amounts: List<Long>, discount: Int): Long {
    val sum = amounts.sum()
    return sum - sum * discount / 100
}

fun parsePrice(text: String): Long {
    val parts = text.split(".")
    val cents = if (parts.size > 1) parts[1].toLong() else 0
    return parts[0].toLong() * 100 + cents
}
