// `nightjar doctor`: what this machine can and cannot do, found out by doing it.
#pragma once

#include <string>
#include <vector>

#include "api/service.h"
#include "config/config.h"

namespace nightjar::factory {

struct MachineQuestion {
  config::Settings settings;
  std::string helper_path;
};
/// Never an error: what fails is a finding.
std::vector<api::Check> examine_machine(const MachineQuestion& question);

}  // namespace nightjar::factory
