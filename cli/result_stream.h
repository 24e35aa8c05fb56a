// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/output.h"
#include "model/result.h"

namespace nspect::cli {

/// A result too long to be held: goes to stdout or --file while it is made. A file appears whole or
/// not at all.
class ResultStream {
public:
    explicit ResultStream(const OutputOptions& options);
    ~ResultStream();
    ResultStream(const ResultStream&) = delete;
    ResultStream& operator=(const ResultStream&) = delete;

    void write(std::string_view text);
    /// False once something could not be written: the rest need not be made.
    bool good() const { return failed_ == 0; }
    /// Ends the result: it is all there, or there is no file.
    Status close();
    /// The same for a verb: `code`, or exit_failed when it could not be written.
    int finish(int code);

private:
    void flush();

    std::string path_;  // empty: stdout
    std::string part_;  // empty: written to directly
    std::string buffer_;
    int fd_ = -1;
    int failed_ = 0;
};

}  // namespace nspect::cli
