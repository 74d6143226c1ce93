// Result<T>: a value or an Error. Every function that can fail for a reason that is not our own bug
// returns one; nothing in src/ throws.
//
// Member names follow std::expected (P0323), which libstdc++ 12 does not have in C++20 mode.
// Threads: a Result belongs to whoever holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"

namespace nightjar {

/// What the caller can do about it; never which subsystem failed.
enum class ErrorCode {
  invalid_input,  // The input must change.
  not_found,      // The thing named does not exist.
  conflict,       // Somebody else changed or holds it; read again.
  denied,         // A rule or a permission forbids it.
  unavailable,    // This machine or a peer cannot now; a later try may work.
  timeout,        // A limit in time was reached.
  cancelled,      // The caller asked to stop.
  exhausted,      // A limit in size, number or money was reached.
  corrupt,        // Stored bytes are not what was written.
};

/// The stable lower-case name used in JSON, logs and documents.
std::string_view name_of(ErrorCode code);
std::optional<ErrorCode> error_code_from(std::string_view name);

struct Error {
  ErrorCode code = ErrorCode::unavailable;
  std::string message;  // For a person: what, why, what next.
};

/// Returned by value-less functions: `return ok;`
struct Ok {};
inline constexpr Ok ok{};

template <typename T = Ok>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T> && !std::is_same_v<std::decay_t<T>, Error>);

 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(ErrorCode code, std::string message)
      : state_(std::in_place_index<1>, Error{code, std::move(message)}) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    CHECK(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(has_value());
    return std::get<0>(std::move(state_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    CHECK(!has_value());
    return std::get<1>(std::move(state_));
  }

  T value_or(T fallback) const& { return has_value() ? std::get<0>(state_) : std::move(fallback); }

  /// Puts `what` in front of the message, so that a message reads from the outside in.
  Result with_context(std::string_view what) && {
    if (!has_value()) {
      std::string& message = std::get<1>(state_).message;
      message = std::string(what) + ": " + message;
    }
    return std::move(*this);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace nightjar

#define NIGHTJAR_CONCAT_(a, b) a##b
#define NIGHTJAR_CONCAT(a, b) NIGHTJAR_CONCAT_(a, b)

/// Leaves the enclosing function with the error, if there is one.
#define TRY(expression)                                  \
  do {                                                   \
    if (auto try_result_ = (expression); !try_result_) { \
      return std::move(try_result_).error();             \
    }                                                    \
  } while (false)

/// TRY_INTO(auto x, f()); declares x from the value, or leaves with the error.
#define TRY_INTO(declaration, expression)                           \
  auto NIGHTJAR_CONCAT(try_into_, __LINE__) = (expression);         \
  if (!NIGHTJAR_CONCAT(try_into_, __LINE__)) {                      \
    return std::move(NIGHTJAR_CONCAT(try_into_, __LINE__)).error(); \
  }                                                                 \
  declaration = *std::move(NIGHTJAR_CONCAT(try_into_, __LINE__))
