// Package price reckons in cents.
package price

import (
	"strconv"
	"strings"
)

// Total is the sum of amounts less a discount in percent.
func Total(amounts []int, discount int) int {
	sum := 0
	for _, amount := range amounts {
		sum += amount
	}
	return sum - sum*discount/100
}

// Parse reads a text such as "12.34" as cents.
func Parse(text string) (int, error) {
	whole, rest, _ := strings.Cut(text, ".")
	units, err := strconv.Atoi(whole)
	if err != nil {
		return 0, err
	}
	cents := 0
	if rest != "" {
		rest = (rest + "0")[:2]
		if cents, err = strconv.Atoi(rest); err != nil {
			return 0, err
		}
	}
	return units*100 + cents, nil
}
