// The verbs of proofs, evidence and keys; their rows stand in command_table().
#pragma once

#include "cli/command.h"

namespace nightjar::cli {

int do_init(Invocation& invocation);
int do_prove(Invocation& invocation);
int do_evidence_log(Invocation& invocation);
int do_evidence_show(Invocation& invocation);
int do_evidence_export(Invocation& invocation);
int do_evidence_verify(Invocation& invocation);
int do_key_show(Invocation& invocation);
int do_key_rotate(Invocation& invocation);

}  // namespace nightjar::cli
