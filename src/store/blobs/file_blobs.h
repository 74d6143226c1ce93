// Blobs as files: `folder`/ab/cdef… named by their BLAKE3 digest, readable by this user alone.
//
// Any thread; one process writes. put() returns when the file and its name are on disk. A blob that
// was damaged on disk is mended by putting it again. Leftovers of a crash are swept when opened.
// Fails with: exhausted (disk full, over kBlobBytesMax), unavailable, corrupt, not_found.
#pragma once

#include <memory>
#include <string>

#include "store/journal.h"

namespace nightjar::store {

/// With read_write the folder is made if it is missing.
Result<std::unique_ptr<Blobs>> open_file_blobs(const std::string& folder, OpenMode mode);

}  // namespace nightjar::store
