// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "capture/flow/flow_table.h"
#include "capture/tls/login.h"

namespace nspect::capture {

class FlowReader;
class TlsSearch;
struct TlsContext;

struct TlsLimits {
    std::size_t flows = 100'000;         ///< with facts or being read
    std::size_t held_bytes = 32U << 20;  ///< payload waiting for its missing pieces, of all flows
};

/// Finds TLS in flows, on any port, and adds to their sightings what its handshake shows; of
/// plaintext, whether somebody logs in with a password. Stores no payload. When there is no room,
/// the oldest flow (of those which hold bytes, when they are too many) goes first and is counted.
/// Not thread-safe; it belongs to one FlowTable.
class TlsTracker {
public:
    explicit TlsTracker(TlsLimits limits = {});
    ~TlsTracker();
    TlsTracker(const TlsTracker&) = delete;
    TlsTracker& operator=(const TlsTracker&) = delete;

    /// For a FlowTable. REQUIRES: the tracker outlives it.
    PayloadObserver observer();

    /// Adds secrets of a key log (NSS format); handshakes begun from now on are opened with them.
    /// Returns how many were of use. They are kept in memory only.
    std::size_t add_secrets(std::string_view key_log);

    bool see(const FlowPayload& payload);
    void describe(Sighting& sighting) const;
    void forget(std::uint64_t flow);

    std::size_t flows() const { return flows_.size(); }
    std::size_t held_bytes() const { return held_; }
    std::uint64_t evicted() const { return evicted_; }

private:
    struct Tracked {
        std::unique_ptr<FlowReader> reader;  ///< none once nothing more is to come
        std::unique_ptr<TlsSeen> seen;
        std::unique_ptr<TlsSeen> seen_at_end;  ///< where the flow's end tells more
        std::size_t held = 0;
        Login login = Login::none;  ///< seen where there was no TLS
    };
    using Flows = std::map<std::uint64_t, Tracked>;  // ids ascend: the oldest is first

    bool search(TlsSearch& search, const FlowPayload& payload);
    bool read(const FlowPayload& payload);
    void look_for_login(const FlowPayload& payload);
    void count_held(std::uint64_t id, Tracked& flow, std::size_t held);
    void finish(Flows::iterator at);
    void make_room();

    TlsLimits limits_;
    std::unique_ptr<TlsContext> context_;
    Flows flows_;
    std::set<std::uint64_t> holding_;  ///< flows with bytes waiting
    std::size_t held_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace nspect::capture
