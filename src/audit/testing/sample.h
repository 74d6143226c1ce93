// A small piece of evidence and keys, for tests.
#pragma once

#include "audit/bundle.h"

namespace nightjar::audit::testing {

/// Two trees, two suites, three results; `run` tells one from another.
Evidence sample_evidence(const std::string& run = "0190-run");

/// CHECKs that one can be made.
SigningKey new_key();

/// An empty folder that is gone afterwards.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  const std::string& path() const { return path_; }

  /// CHECKs that it can be written.
  void put(const std::string& name, const std::string& content) const;
  struct Ran {
    int status = -1;
    std::string output;  // of both streams
  };
  /// A shell command, in the folder.
  Ran run(const std::string& command) const;

 private:
  std::string path_;
};

}  // namespace nightjar::audit::testing
