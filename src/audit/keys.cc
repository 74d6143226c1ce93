// Signing keys and where a factory keeps them.
#include <dirent.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "audit/ed25519.h"
#include "audit/evidence.h"
#include "base/file.h"

namespace nightjar::audit {
namespace {

constexpr std::size_t kKeyFileBytesMax = 16'384;
constexpr std::size_t kRetiredMax = 200;
constexpr int kPrivateMode = 0600;
constexpr int kPublicMode = 0644;
constexpr mode_t kForOthers = 077;

/// Never over a file that exists; nothing is left of it when it cannot be written.
Result<> write_new_file(const std::string& path, std::string_view content) {
  const UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kPrivateMode));
  if (!file) return errno_error("create " + path, errno);
  const ssize_t count = ::write(file.get(), content.data(), content.size());
  if (count == static_cast<ssize_t>(content.size()) && ::fsync(file.get()) == 0) return ok;
  const Error error = errno_error("write " + path, count < 0 ? errno : ENOSPC);
  ::unlink(path.c_str());
  return error;
}

/// A key that others can read may have signed anything.
Result<> check_private(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return errno_error("read the key " + path, errno);
  if ((info.st_mode & kForOthers) == 0) return ok;
  return {ErrorCode::denied, path +
                                 ": others may read this private key; make a new one, or "
                                 "chmod 600 it if nobody else was on this machine"};
}

std::string signing_path(const std::string& dir) { return dir + "/signing.pem"; }
std::string retired_dir(const std::string& dir) { return dir + "/retired"; }

Result<std::vector<std::string>> retired_names(const std::string& dir) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(dir.c_str()), &::closedir);
  if (!folder) {
    if (errno == ENOENT) return names;
    return errno_error("list " + dir, errno);
  }
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name.ends_with(".pub")) names.push_back(name);
    if (names.size() > kRetiredMax) return {ErrorCode::exhausted, dir + ": more than 200 keys"};
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

struct SigningKey::Impl {
  KeyHandle key;
  std::string public_pem;
  std::string id;

  static Result<std::unique_ptr<Impl>> of(KeyHandle key) {
    auto impl = std::make_unique<Impl>();
    TRY_INTO(impl->public_pem, public_pem_of(key.get()));
    TRY_INTO(impl->id, id_of(key.get()));
    impl->key = std::move(key);
    return impl;
  }
};

SigningKey::SigningKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

const std::string& SigningKey::public_pem() const { return impl_->public_pem; }
const std::string& SigningKey::key_id() const { return impl_->id; }

Result<std::string> SigningKey::signature_of(std::string_view message) const {
  return sign_bytes(impl_->key.get(), message);
}

Result<SigningKey> SigningKey::generate() {
  TRY_INTO(KeyHandle key, generate_private_key());
  TRY_INTO(auto impl, Impl::of(std::move(key)));
  return SigningKey(std::move(impl));
}

Result<SigningKey> SigningKey::read(const std::string& path) {
  TRY(check_private(path));
  TRY_INTO(std::string pem, read_file(path, kKeyFileBytesMax));
  Result<KeyHandle> key = parse_private_key(pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!key) return std::move(key).with_context(path).error();
  TRY_INTO(auto impl, Impl::of(*std::move(key)));
  return SigningKey(std::move(impl));
}

Result<> SigningKey::write(const std::string& path) const {
  TRY_INTO(std::string pem, private_pem_of(impl_->key.get()));
  Result<> written = write_new_file(path, pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  return written;
}

Result<SigningKey> KeyRing::signing_key() {
  const std::string path = signing_path(dir_);
  if (!path_exists(path)) {
    TRY(make_directories(dir_, 0700));
    TRY_INTO(SigningKey made, SigningKey::generate());
    const Result<> written = made.write(path);
    // Another process may have been first; then its key is the factory's.
    if (!written && written.error().code != ErrorCode::conflict) return written.error();
  }
  return SigningKey::read(path);
}

Result<std::vector<std::string>> KeyRing::public_keys_pem() const {
  std::vector<std::string> pems;
  std::string current;
  if (path_exists(signing_path(dir_))) {
    TRY_INTO(const SigningKey key, SigningKey::read(signing_path(dir_)));
    current = key.key_id();
    pems.push_back(key.public_pem());
  }
  TRY_INTO(const std::vector<std::string> names, retired_names(retired_dir(dir_)));
  for (const std::string& name : names) {
    const std::string path = retired_dir(dir_) + "/" + name;
    TRY_INTO(std::string pem, read_file(path, kKeyFileBytesMax));
    Result<PublicKey> key = PublicKey::parse(pem);
    if (!key) return std::move(key).with_context(path).error();
    if (key->id() + ".pub" != name) {
      return {ErrorCode::corrupt, path + ": holds another key than its name says"};
    }
    // A rotation that did not finish leaves the current one there, too.
    if (key->id() != current) pems.push_back(std::move(pem));
  }
  return pems;
}

Result<std::vector<std::string>> KeyRing::retired_key_ids() const {
  TRY_INTO(const std::vector<std::string> pems, public_keys_pem());
  std::vector<std::string> ids;
  for (std::size_t i = path_exists(signing_path(dir_)) ? 1 : 0; i < pems.size(); ++i) {
    TRY_INTO(const PublicKey key, PublicKey::parse(pems[i]));
    ids.push_back(key.id());
  }
  return ids;
}

Result<SigningKey> KeyRing::rotate() {
  TRY_INTO(const SigningKey old, signing_key());
  // 1. The old public key first: were the power to go after the switch, its evidence could not be
  //    verified any more.
  TRY(make_directories(retired_dir(dir_), 0700));
  TRY(write_file_atomically(retired_dir(dir_) + "/" + old.key_id() + ".pub", old.public_pem(),
                            kPublicMode));
  // 2. The new key replaces the old one at once, which nobody can use from here on.
  TRY_INTO(SigningKey made, SigningKey::generate());
  TRY_INTO(std::string pem, private_pem_of(made.impl_->key.get()));
  const Result<> written = write_file_atomically(signing_path(dir_), pem, kPrivateMode);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!written) return written.error();
  return made;
}

}  // namespace nightjar::audit
