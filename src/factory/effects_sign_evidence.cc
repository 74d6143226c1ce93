// sign_evidence: a proof's statements, signed with the factory's key and stored by content.
//
// Keyed: the same run signs the same statements, and the same bytes as long as the key is the same.
#include "factory/engine.h"
#include "factory/evidence.h"
#include "factory/performers.h"

namespace nightjar::factory {
namespace {

class SignEvidence final : public Performer {
 public:
  explicit SignEvidence(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token) override {
    const auto start = world_.clock.monotonic();
    TRY_INTO(const RunView view, replay(world_.journal, request.run, builtin_handlers()));
    TRY_INTO(const Digest head, head_before(request));
    TRY_INTO(const audit::Evidence evidence,
             evidence_of({.view = view,
                          .blobs = world_.blobs,
                          .journal_head = head,
                          .at_utc_ns = request.arguments.int_or("at_utc_ns", 0),
                          .version = world_.version}));
    audit::KeyRing ring(world_.data_dir + "/keys");
    TRY_INTO(const audit::SigningKey key, ring.signing_key());
    TRY_INTO(const std::string text, audit::sign_evidence(evidence, key));
    TRY_INTO(const Digest name, world_.blobs.put(text));
    const std::int64_t wall_ms = elapsed_ms(world_.clock, start);
    return Performed{
        .result = Json::object({{"evidence", name.name()},
                                {"key", key.key_id()},
                                {"candidate", request.arguments.string_or("candidate", "")}}),
        .cost = {.cpu_ms = wall_ms, .wall_ms = wall_ms}};
  }

 private:
  /// The head of the run's chain when the signing was decided: what the event of the intent stands
  /// on.
  Result<Digest> head_before(const PerformRequest& request) const {
    Digest head;
    TRY(world_.journal.read_run(request.run, request.run_seq,
                                [&](const event::Envelope& envelope) -> Result<> {
                                  if (envelope.run_seq == request.run_seq) {
                                    head = envelope.prev_hash;
                                  }
                                  return ok;
                                }));
    return head;
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_sign_evidence(World& world) {
  return std::make_unique<SignEvidence>(world);
}

}  // namespace nightjar::factory
