// The numbers in a program's output, for `stdout_numbers`. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::scenario {

/// In order: decimal numbers with optional sign, fraction and exponent, and the words nan, inf and
/// infinity. A number does not begin inside a word ("x1" has none), but a word may follow it ("9ms"
/// is 9). A '-' or '+' right after a letter, digit or ')' separates ("2023-05" is 2023 and 5). Too
/// large for a double: infinite; too small: 0. At most `count_max`.
std::vector<double> numbers_in(std::string_view text, std::size_t count_max);

/// Equal within `tolerance`; infinities of one sign are equal, and so are two NaNs.
bool is_near(double actual, double expected, double tolerance);

/// The shortest text that reads back as the value.
std::string number_text(double value);

}  // namespace nightjar::scenario
