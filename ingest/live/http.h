// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/result.h"

namespace nspect::ingest {

/// A server and how it knows us. Texts of certificates and keys are PEM, and stay in memory.
struct HttpEndpoint {
    std::string base;         ///< "https://10.0.0.1:6443"
    std::string unix_socket;  ///< connect here instead of to the host of `base`
    std::string ca;           ///< whom to trust; empty: whom the machine trusts
    std::string certificate;
    std::string key;
    std::string token;
    std::string user;
    std::string password;
    std::string server_name;  ///< that the certificate must be for, when it is not the host's
    bool verify = true;       ///< only a kubeconfig that says so turns it off
    std::string called;       ///< in messages
};

struct HttpAnswer {
    long status = 0;
    std::string body;
};

/// One GET. An Error when there was no whole answer: the server cannot be reached or not be
/// trusted.
Result<HttpAnswer> http_get(const HttpEndpoint& endpoint, const std::string& path,
                            std::chrono::milliseconds patience = std::chrono::seconds{30});

/// Answers that go on for as long as the server likes, handed out line by line.
class HttpStreams {
public:
    using OnLine = std::function<void(std::string_view line)>;
    struct End {
        std::size_t id = 0;
        long status = 0;    ///< 0: no answer
        std::string error;  ///< empty when the server closed in order
    };

    HttpStreams();
    HttpStreams(const HttpStreams&) = delete;
    HttpStreams& operator=(const HttpStreams&) = delete;
    ~HttpStreams();

    /// `endpoint` must outlive the stream. A stream with the same id is replaced.
    void open(std::size_t id, const HttpEndpoint& endpoint, const std::string& path,
              OnLine on_line);
    /// Waits until something comes, at most so long; lines are handed out meanwhile.
    std::vector<End> wait(std::chrono::milliseconds how_long);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nspect::ingest
