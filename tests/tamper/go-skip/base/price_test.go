package price

import "testing"

func TestTotal(t *testing.T) {
	if got := Total([]int{1000, 1000, 50}, 10); got != 1845 {
		t.Errorf("Total = %d, want 1845", got)
	}
}

func TestParse(t *testing.T) {
	cases := []struct {
		text string
		want int
	}{
		{"12.34", 1234},
		{"7", 700},
		{"12.5", 1250},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			got, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("Parse(%q) = %d, want %d", c.text, got, c.want)
			}
		})
	}
}

func TestParseRefusesLetters(t *testing.T) {
	if _, err := Parse("abc"); err == nil {
		t.Error("no error for abc")
	}
}
