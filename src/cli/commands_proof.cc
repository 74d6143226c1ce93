#include "cli/commands_proof.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/bytes.h"
#include "base/file.h"
#include "cli/present.h"

namespace nightjar::cli {
namespace {

constexpr std::size_t kPatchBytesMax = std::size_t{256} << 20;
constexpr std::size_t kEvidenceBytesMax = std::size_t{64} << 20;
constexpr std::size_t kKeyBytesMax = std::size_t{64} << 10;
constexpr std::size_t kLinesShownMax = 1000;

Result<std::string> read_stdin(std::size_t bytes_max) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0) return errno_error("read standard input", errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > bytes_max) {
      return {ErrorCode::exhausted,
              "standard input is larger than " + std::to_string(bytes_max >> 20U) + " MiB"};
    }
  }
}

/// The report files that were asked for. A file that cannot be written is an error, after the
/// verdict was shown.
Result<> write_reports(const Invocation& invocation, const api::ProveReply& reply) {
  struct Report {
    std::string_view option;
    const std::string& text;
  };
  const std::array<Report, 4> reports = {{{"--junit", reply.junit},
                                          {"--sarif", reply.sarif},
                                          {"--markdown", reply.markdown},
                                          {"--attest", reply.evidence}}};
  for (const Report& report : reports) {
    const auto path = invocation.value(report.option);
    if (!path) continue;
    if (report.text.empty()) {
      return {ErrorCode::unavailable, std::string(report.option) + ": the run ended without it (" +
                                          reply.why + "); nothing was written to " + *path};
    }
    TRY(write_file_atomically(*path, report.text, 0644));
  }
  return ok;
}

int do_init_detected(Invocation& invocation, const std::string& folder) {
  const Result<api::InitReply> reply = invocation.service().init_detected(folder);
  if (!reply) return report_error(invocation, reply.error());
  for (const std::string& path : reply->created) invocation.people.line("  made  " + path);
  for (const std::string& path : reply->kept) invocation.people.line("  kept  " + path);
  return kSatisfied;
}

void show_verify(Terminal& people, const api::VerifyReply& reply) {
  for (const std::string& refusal : reply.refused) {
    people.line("  " + people.paint(Colour::red, "refused") + "   " +
                people.wrapped(printable(refusal, 400), 12));
  }
  const bool untrusted =
      std::any_of(reply.refused.begin(), reply.refused.end(), [](const std::string& refusal) {
        return refusal.find("untrusted-key") != std::string::npos;
      });
  if (untrusted) {
    people.line("  next      " + people.wrapped("name the signer's public key with --key FILE; the "
                                                "signer gets it by `nightjar key show >FILE`",
                                                12));
  }
  if (!reply.verified) return;
  people.line("  " + people.paint(Colour::green, "verified") + "  " + reply.verdict + "  " +
              people.wrapped(printable(reply.change, 200), 2));
  people.line("  key       " + reply.key_id);
  for (const std::string& fact : reply.facts) {
    people.line("            " + people.wrapped(printable(fact, 400), 12));
  }
  if (!reply.rechecked) return;
  if (reply.differences.empty()) {
    people.line("  " + people.paint(Colour::green, "rechecked") +
                " every test and the verdict agree");
  }
  for (const std::string& one : reply.notes) {
    people.line("  note      " + people.wrapped(printable(one, 400), 12));
  }
  for (const std::string& difference : reply.differences) {
    people.line("  " + people.paint(Colour::red, "differs") + "   " +
                people.wrapped(printable(difference, 400), 12));
  }
}

Result<api::VerifyRequest> verify_request(const Invocation& invocation) {
  api::VerifyRequest request;
  TRY_INTO(request.evidence, read_file(invocation.arguments[0], kEvidenceBytesMax));
  if (const auto path = invocation.value("--key")) {
    TRY_INTO(std::string pem, read_file(*path, kKeyBytesMax));
    request.public_keys_pem.push_back(std::move(pem));
  }
  if (invocation.has("--recheck")) {
    request.recheck_folder = invocation.value("--project").value_or(".");
  }
  return request;
}

int show_key(Invocation& invocation, const Result<api::KeyReply>& reply) {
  if (!reply) return report_error(invocation, reply.error());
  if (invocation.has("--json")) {
    write_json(Json::object({{"key", reply->key_id},
                             {"public_pem", reply->public_pem},
                             {"retired", Json::strings(reply->retired)}}));
    return kSatisfied;
  }
  invocation.people.line("  key  " + reply->key_id);
  invocation.people.line(std::string(trim(reply->public_pem)));
  for (const std::string& id : reply->retired) invocation.people.line("  retired  " + id);
  return kSatisfied;
}

int do_prove(Invocation& invocation) {
  api::ProveRequest request{.folder = invocation.value("--project").value_or("."),
                            .change = invocation.argument(0, ""),
                            .base = invocation.value("--base").value_or(""),
                            .patch_text = {}};
  if (invocation.has("--same-behaviour")) {
    request.claim = api::ProveRequest::Claim::same_behaviour;
  }
  request.note = invocation.has("--note");
  if (request.change == "-") {
    Result<std::string> patch = read_stdin(kPatchBytesMax);
    if (!patch) return report_error(invocation, patch.error());
    request.patch_text = *std::move(patch);
    request.change.clear();
  }
  Progress progress(invocation.people);
  const Result<api::ProveReply> reply =
      invocation.service().prove(request, listener_for(invocation, progress), invocation.stop);
  if (!reply) return report_error(invocation, reply.error());
  const Detail detail = invocation.has("--verbose") ? Detail::all : Detail::screen;
  print_proof(invocation.people, *reply, detail);
  const Result<> written = write_reports(invocation, *reply);
  if (invocation.has("--json")) {
    write_json(
        reply->proof.is_null()
            ? Json::object({{"run", reply->run}, {"verdict", reply->verdict}, {"why", reply->why}})
            : reply->proof);
  }
  if (!written) return report_error(invocation, written.error());
  return status_for(reply->state);
}

int do_evidence_log(Invocation& invocation) {
  const auto lines = invocation.service().evidence_log(kLinesShownMax);
  if (!lines) return report_error(invocation, lines.error());
  if (!invocation.has("--json") && lines->empty()) {
    invocation.people.line("  no evidence yet; `nightjar prove` makes the first");
  }
  for (const api::EvidenceLine& line : *lines) {
    if (invocation.has("--json")) {
      write_json(to_json(line));
      continue;
    }
    std::string verdict = line.verdict;
    verdict.resize(11, ' ');
    invocation.people.line("  " + line.run + "  " + verdict + " " + line.at.substr(0, 16));
    invocation.people.line(
        "      " + invocation.people.wrapped(printable(line.project + ": " + line.change, 200) +
                                                 (line.branch.empty() ? "" : " -> " + line.branch),
                                             6));
  }
  return kSatisfied;
}

int do_evidence_show(Invocation& invocation) {
  const Result<api::EvidenceReply> reply = invocation.service().evidence(invocation.arguments[0]);
  if (!reply) return report_error(invocation, reply.error());
  if (invocation.has("--json")) {
    write_json(reply->content);
  } else {
    invocation.people.line(reply->content.dump_pretty());
  }
  return kSatisfied;
}

int do_evidence_export(Invocation& invocation) {
  const Result<api::EvidenceReply> reply = invocation.service().evidence(invocation.arguments[0]);
  if (!reply) return report_error(invocation, reply.error());
  const Result<> written = write_file_atomically(invocation.arguments[1], reply->text, 0644);
  if (!written) return report_error(invocation, written.error());
  invocation.people.line("  made  " + printable(invocation.arguments[1], 400));
  return kSatisfied;
}

int do_evidence_verify(Invocation& invocation) {
  const Result<api::VerifyRequest> request = verify_request(invocation);
  if (!request) return report_error(invocation, request.error());
  Progress progress(invocation.people);
  const Result<api::VerifyReply> reply = invocation.service().verify_evidence(
      *request, listener_for(invocation, progress), invocation.stop);
  if (!reply) return report_error(invocation, reply.error());
  show_verify(invocation.people, *reply);
  if (invocation.has("--json")) write_json(to_json(*reply));
  return reply->verified && reply->differences.empty() ? kSatisfied : kNotSatisfied;
}

int do_key_show(Invocation& invocation) {
  return show_key(invocation, invocation.service().signing_key());
}

int do_key_rotate(Invocation& invocation) {
  return show_key(invocation, invocation.service().rotate_key());
}

}  // namespace

int do_init(Invocation& invocation) {
  const std::string folder = invocation.argument(0, ".");
  if (invocation.has("--detect")) return do_init_detected(invocation, folder);
  const Result<api::InitReply> reply = invocation.service().init(folder);
  if (!reply) return report_error(invocation, reply.error());
  for (const std::string& path : reply->created) invocation.people.line("  made  " + path);
  for (const std::string& path : reply->kept) invocation.people.line("  kept  " + path);
  invocation.people.line(
      "\nNext: write requirements and scenarios, commit them, then `nightjar run" +
      (folder == "." ? "`" : " " + folder + "`"));
  return kSatisfied;
}

std::vector<Command> proof_commands() {
  constexpr Option kJson{"--json", "", "one JSON object a line on stdout; the result comes last"};
  constexpr Option kProject{"--project", "DIR", "the project; without it, this folder"};
  return {
      {"prove",
       "[CHANGE]",
       0,
       1,
       "judge a change: a branch, commit, range, patch, pr/N or the working tree",
       {{"--base", "REV", "what it is compared with; else the default branch"},
        kProject,
        {"--same-behaviour", "", "the change claims to alter no behaviour"},
        {"--note", "", "also write the verdict into the commit's git note"},
        {"--verbose", "", "every reason, finding and test"},
        {"--junit", "FILE", "write the tests as JUnit XML"},
        {"--sarif", "FILE", "write reasons and findings as SARIF 2.1.0"},
        {"--markdown", "FILE", "write a summary for a CI job"},
        {"--attest", "FILE", "write the signed evidence"},
        kJson},
       do_prove},
      {"evidence log", "", 0, 0, "list what was proven and signed", {kJson}, do_evidence_log},
      {"evidence show", "RUN", 1, 1, "show the statements of a run", {kJson}, do_evidence_show},
      {"evidence export",
       "RUN FILE",
       2,
       2,
       "write the signed evidence of a run to a file",
       {},
       do_evidence_export},
      {"evidence verify",
       "FILE",
       1,
       1,
       "check signed evidence; with --recheck, prove it again",
       {{"--key", "FILE", "the public key; without it, this factory's own"},
        {"--recheck", "", "prove the change again here and compare test by test"},
        kProject,
        kJson},
       do_evidence_verify},
      {"key show", "", 0, 0, "show the key that signs evidence", {kJson}, do_key_show},
      {"key rotate",
       "",
       0,
       0,
       "sign with a new key; old evidence stays valid",
       {kJson},
       do_key_rotate},
  };
}

}  // namespace nightjar::cli
