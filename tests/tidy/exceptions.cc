#include "tidy/rules.h"

namespace nightjar::tidy {

const std::vector<Exception>& exceptions() {
  static const std::vector<Exception> all = {};
  return all;
}

}  // namespace nightjar::tidy
