// SPDX-License-Identifier: Apache-2.0
// A recording is somebody else's file: whatever its bytes are, it is read or refused, never a
// crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>

#include "store/recording_file.h"

namespace {

/// A folder for this process, gone when it ends in order.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "nspect-fuzz-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string file() const { return path_ + "/a.nspect"; }

private:
    std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Folder folder;
    const std::string path = folder.file();
    std::ofstream(path, std::ios::binary)
        .write(static_cast<const char*>(static_cast<const void*>(data)),
               static_cast<std::streamsize>(size));
    auto recording = nspect::store::open_recording(path);
    if (recording && (*recording)->read_all()) (void)(*recording)->warnings();
    return 0;
}
