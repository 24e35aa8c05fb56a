// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"

namespace nspect::viz {

/// Whether what was carried was encrypted, as a shape: told apart without colour.
enum class Lock {
    none,
    closed,   ///< mutual TLS
    half,     ///< TLS, the client showed no certificate
    unknown,  ///< TLS; whether mutual could not be told
    open,     ///< in clear
};
inline constexpr std::size_t lock_count = 5;
/// For a legend.
std::string_view lock_words(Lock lock);

/// A piece of a label: ports, then the lock that is true of them.
struct LabelPart {
    std::string text;  ///< "TCP 8080, 8443"; may be empty
    Lock lock = Lock::none;
    std::string word;  ///< "mTLS", or of how many conversations: "mTLS 6/7"
};
/// "TCP 8080, 8443" closed "mTLS", "TCP 8444" open "plain": each lock stands behind the ports that
/// it is true of. A line on which nobody used TLS says nothing about it.
std::vector<LabelPart> ports_and_locks(const Graph& graph, const std::vector<std::size_t>& edges);
/// In one line: "TCP 8080, 8443 [mTLS], TCP 8444 [plain]".
std::string label_words(const std::vector<LabelPart>& parts);

/// What went missing on a line, as a symbol with a number and a word.
struct LossMark {
    std::string_view symbol;
    std::string_view word;     ///< "unanswered"
    std::string_view meaning;  ///< for a legend
    std::uint64_t conversations = 0;
    std::string place = {};  ///< "after veth1 (web), before veth2 (db)", where it is known
};
/// Those of these edges that occur. What policy denies is expected to be lost, to go unanswered and
/// to be sent again, so a blocked edge has none; nor does what nobody answered say that it was sent
/// again.
std::vector<LossMark> loss_marks(const Graph& graph, const std::vector<std::size_t>& edges);
/// "⊗ 1 lost … 2 unanswered"; empty without any.
std::string loss_words(const std::vector<LossMark>& marks);
/// Where packets were lost; empty where none was or it is not known.
std::string loss_place(const std::vector<LossMark>& marks);

/// "TCP 5432", or all that an edge known only from policy allows.
std::string traffic_words(const GraphEdge& edge);
/// Conversations that got so far that they could carry data; only these can be encrypted or not.
std::uint64_t carried(const GraphEdge& edge);

}  // namespace nspect::viz
