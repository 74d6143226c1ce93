// What our in-process reporters (reporters/) say: one JSON object a line, on the report channel.
//
//   {"n":NONCE,"e":"listed","id":ID,"file":F,"line":N,"selected":true}
//   {"n":NONCE,"e":"start","id":ID}
//   {"n":NONCE,"e":"finish","id":ID,"outcome":"failed","message":M,"ms":12,"flaky":true}
//   {"n":NONCE,"e":"trouble","id":ID,"message":M,"missing":"numpy"}
//                                                      a file could not be loaded, for want of a
//                                                      module that is not the project's, if named
//   {"n":NONCE,"e":"cover","file":F,"executable":[1,2],"executed":[1]}
//   {"n":NONCE,"e":"note","text":T}                    a doubt, in words
//   {"n":NONCE,"e":"fatal","text":T}                   why the session cannot go on
//   {"n":NONCE,"e":"lacks","text":T}                   the same: this machine lacks something
//   {"n":NONCE,"e":"forged","text":T}                  results are not what they are told to be
//   {"n":NONCE,"e":"end","tests":N,"status":1}         N: results that were said; status: how the
//                                                      process has to exit, where that is known
//
// `id`, and `e` and `n` everywhere, are needed; the other members may be absent; files are relative
// to the project. A line that is none of these, or without the nonce of this session, was not
// written by our reporter: it becomes a doubt, and the run is not complete.
// Orders to a reporter: the same way back, one JSON object on stdin (Orders).
// Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/session.h"
#include "harness/suite.h"

namespace nightjar::harness {

struct ReportEvents {
  std::vector<SessionEvent> events;
  std::optional<std::int64_t> counted;  // of the end
  std::optional<std::int64_t> status;   // of the end
  Coverage coverage;
  std::vector<std::string> notes;
  std::vector<std::string> missing;  // modules that files could not be loaded for, each once
  std::string fatal;                 // "" if none
  std::string lacks;                 // "" if none
  std::string forged;                // "" if none
  std::string problem;  // lines that our reporter did not write, too many lines; "" if none
};
/// Never fails. The last line may be cut: its process may have died while writing.
ReportEvents parse_events(std::string_view bytes, std::string_view nonce);

/// What a reporter is told, as one JSON object on its stdin: where the code under test cannot look
/// it up. {"fd":3,"nonce":N,"only":[ID…] or null,"reversed":false,"shard":0,"shards":1,
/// "test_wall_ms":0,"coverage":[FILE…],"project":"/work","root":"sub"}
struct Orders {
  std::string nonce;
  std::optional<std::vector<std::string>> only{};
  bool reversed = false;
  int shard = 0;  // files are spread over `shards` sessions by the reporter
  int shards = 1;
  std::chrono::milliseconds test_wall_max{0};
  std::vector<std::string> coverage_files{};  // relative to the project
  std::string root{};                         // of the suite, in the project
};
std::string orders_json(const Orders& orders);

/// 128 random bits as hex.
std::string new_nonce();

}  // namespace nightjar::harness
