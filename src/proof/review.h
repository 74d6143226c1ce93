// What a reviewer wants to know of a change before reading it. Pure; any thread.
#pragma once

#include "proof/inspect.h"
#include "proof/tamper/change_view.h"

namespace nightjar::proof {

Review review_of(const ChangeView& change);

/// Dependencies of a manifest by name, with the version as it is written there. Empty for files
/// that are no manifest we know: requirements*.txt, pyproject.toml, package.json, composer.json,
/// Cargo.toml, go.mod, pom.xml, Gemfile.
std::map<std::string, std::string> dependencies_in(std::string_view path, std::string_view text);

}  // namespace nightjar::proof
