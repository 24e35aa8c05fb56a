// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/decode/link_type.h"
#include "model/result.h"
#include "model/time.h"

namespace nspect::capture {

/// One captured packet. `data` belongs to the source and is valid during the callback only; that of
/// a source that keeps packets, for longer: see PacketSource::hold_packets().
struct RawPacket {
    std::span<const std::byte> data;
    std::uint32_t wire_length = 0;  ///< before the snap length cut it
    Timestamp time{};
    LinkType link = LinkType::ethernet;
    std::uint32_t interface_id =
        0;  ///< index into interfaces(); SLL2 packets carry their own index inside
};

/// An interface a source reads from.
struct SourceInterface {
    std::string name;
    LinkType link = LinkType::ethernet;
};

/// Counted since the source was opened.
struct SourceStats {
    std::uint64_t received = 0;
    std::uint64_t dropped_kernel = 0;     ///< the ring was full
    std::uint64_t dropped_interface = 0;  ///< by the interface or its driver
};

using PacketCallback = std::function<void(const RawPacket&)>;
/// Takes a key log that a file carries (a Decryption Secrets Block of pcapng).
using SecretsCallback = std::function<void(std::string_view key_log)>;

/// Where packets come from: a live interface, a capture file, a script.
/// Not thread-safe; one source is read by one thread, which need not be the one that opened it.
class PacketSource {
public:
    virtual ~PacketSource() = default;

    /// Delivers at most `max` packets that are ready now, without blocking on a live source.
    /// Returns how many; a file gives what it has read already before it reads more. 0 from a file
    /// is its end (see finished()), from a live source that none is waiting. An Error means that
    /// the source is gone; what it delivered before stays valid.
    virtual Result<std::size_t> read(std::size_t max, const PacketCallback& on_packet) = 0;

    /// Whether packets stay valid until the next read(), and for as long as somebody holds them.
    virtual bool keeps_packets() const { return false; }
    /// Of a source that keeps packets: while this lives, those of the last read() stay valid, also
    /// after the source is gone. REQUIRES: another thread that gives it back does so before a lock
    /// which the reading thread takes after that.
    virtual std::shared_ptr<const void> hold_packets() { return {}; }
    /// For epoll; -1 when the source is always ready (files).
    virtual int poll_fd() const { return -1; }
    virtual bool finished() const = 0;
    /// Who is given the secrets that stand between the packets; most sources have none.
    virtual void on_secrets(SecretsCallback) {}
    /// How long after the moment of stopping packets seen before it may still turn up: keep reading
    /// so long. The kernel hands a ring's block over when it is full or its time is up.
    virtual Duration drain_time() const { return Duration::zero(); }
    virtual SourceStats stats() = 0;
    /// Of a file, how far it has been read; 0 elsewhere.
    virtual std::uint64_t bytes_read() const { return 0; }
    /// May grow while a pcapng file is read.
    virtual const std::vector<SourceInterface>& interfaces() const = 0;
    /// "any@host", "eth0@4026532185", or the file name.
    virtual const std::string& name() const = 0;
};

/// For who stops one source and waits: reads until drain_time() has passed without a packet.
/// Returns how many came. Many sources are better drained together, by going on with their loop for
/// the longest time.
Result<std::size_t> drain(PacketSource& source, const PacketCallback& on_packet);

}  // namespace nspect::capture
