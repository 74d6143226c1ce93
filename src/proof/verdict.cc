#include "proof/verdict.h"

namespace nightjar::proof {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::proven: return "PROVEN";
    case Verdict::not_proven: return "NOT_PROVEN";
    case Verdict::undecided: return "UNDECIDED";
  }
  return "";
}

}  // namespace nightjar::proof
