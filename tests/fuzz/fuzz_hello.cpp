// SPDX-License-Identifier: Apache-2.0
// The first byte: 0 for a ServerHello, 1 for a ClientHello, 2 for one over datagrams.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "capture/tls/hello.h"

using namespace nspect::capture;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const auto body = std::as_bytes(std::span(bytes + 1, size - 1));
    if (*bytes == 0) {
        const ServerHello hello = parse_server_hello(body);
        if (hello.session_id.size() > 255 || hello.alpn.size() > 255) std::abort();
        return 0;
    }
    const ClientHello hello = parse_client_hello(body, *bytes == 2);
    if (hello.sni.size() > 255 || hello.session_id.size() > 255) std::abort();
    if (hello.whole && ja4(hello, 'q').size() != 36) std::abort();
    return 0;
}
