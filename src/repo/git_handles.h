// Ownership and errors of libgit2, for the .cc files of this part alone.
//
// libgit2 is set up once, before its first use: no system, global, XDG or ProgramData configuration
// is read, object hashes are verified, objects and refs are synced to disk. Any thread.
#pragma once

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar::repo {

/// Call before the first libgit2 function of every entry point; cheap after the first time.
Result<> start_libgit2();

/// "what: libgit2's own message", with the code that fits the return value.
Error git_error_of(std::string_view what, int code);

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using RepositoryHandle = std::unique_ptr<git_repository, Freer<git_repository_free>>;
using OdbHandle = std::unique_ptr<git_odb, Freer<git_odb_free>>;
using ObjectHandle = std::unique_ptr<git_odb_object, Freer<git_odb_object_free>>;
using CommitHandle = std::unique_ptr<git_commit, Freer<git_commit_free>>;
using TreeHandle = std::unique_ptr<git_tree, Freer<git_tree_free>>;
using BuilderHandle = std::unique_ptr<git_treebuilder, Freer<git_treebuilder_free>>;
using ReferenceHandle = std::unique_ptr<git_reference, Freer<git_reference_free>>;
using SignatureHandle = std::unique_ptr<git_signature, Freer<git_signature_free>>;
using NoteHandle = std::unique_ptr<git_note, Freer<git_note_free>>;
using PatchHandle = std::unique_ptr<git_patch, Freer<git_patch_free>>;
using DiffHandle = std::unique_ptr<git_diff, Freer<git_diff_free>>;
using IndexHandle = std::unique_ptr<git_index, Freer<git_index_free>>;
using StatusHandle = std::unique_ptr<git_status_list, Freer<git_status_list_free>>;

/// A git_buf that frees itself.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { git_buf_dispose(&buffer_); }
  git_buf* out() { return &buffer_; }
  std::string str() const { return {buffer_.ptr == nullptr ? "" : buffer_.ptr, buffer_.size}; }

 private:
  git_buf buffer_ = GIT_BUF_INIT;
};

std::string hex_of(const git_oid& id);
Result<git_oid> oid_from(const std::string& hex);

}  // namespace nightjar::repo
