//go:build unix

package price

import "testing"

func TestOnUnix(t *testing.T) {
	if got, _ := Parse("1.5"); got != 150 {
		t.Errorf("got %d", got)
	}
}
