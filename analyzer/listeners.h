// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/sighting.h"
#include "model/time.h"

namespace nspect::analyzer {

/// Who listens, as far as other conversations of the recording tell: the direction of one whose
/// start was not seen. Of TCP a handshake towards a socket says that it listens; else many peers
/// at one end and none but this at the other do. Of UDP an earlier use of the same two sockets
/// does, or several others who began with this one and were answered.
///
/// Costs memory for the sockets of such conversations alone.
class Listeners {
public:
    explicit Listeners(const std::vector<Sighting>& sightings);

    enum class Word : std::uint8_t {
        none,    ///< nothing better than what the sighting says
        agrees,  ///< its server listens
        turned,  ///< its client is the one who listens
    };
    Word about(const Sighting& sighting) const;

private:
    struct Key {
        Socket socket;
        Protocol protocol = Protocol::tcp;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct Known {
        bool opened = false;          ///< by a handshake from somebody
        std::vector<Socket> peers;    ///< a few of them, each once
        std::vector<Socket> callers;  ///< a few who began with it and were answered
    };
    void learn(const Sighting& sighting);
    const Known& of(const Socket& socket, Protocol protocol) const;
    Word about_stream(const Sighting& sighting, const Known& client, const Known& server) const;
    Word about_datagrams(const Sighting& sighting, const Known& client, const Known& server) const;

    struct Use {
        Socket client;
        Socket server;
        bool operator==(const Use&) const = default;
    };
    struct UseHash {
        std::size_t operator()(const Use& use) const noexcept;
    };

    std::unordered_map<Key, Known, KeyHash> known_;
    std::unordered_map<Use, Timestamp, UseHash> began_;  ///< answered datagrams: when first
};

}  // namespace nspect::analyzer
