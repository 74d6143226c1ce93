// CHECK(x): our own bug if x is false. On in every build: prints where, how to go on, and aborts.
// Never on anything that a user, a model, a file or a peer can influence.
#pragma once

namespace nightjar {

/// Prints the failed condition and how to resume, then aborts. Durable state is in the journal.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace nightjar

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) ::nightjar::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
