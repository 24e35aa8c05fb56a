// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/conversation.h"
#include "model/inventory.h"
#include "model/workload.h"

/// How results are put into words, the same in every view.
namespace nspect::viz {

/// "1 edge", "3 edges", "no edges".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});
/// "12.3 kB".
std::string byte_words(std::uint64_t bytes);
/// "987", "12.3 k", "4.5 M".
std::string short_number(std::uint64_t number);
/// "10:04:05.123" of the UTC day.
std::string clock(Timestamp time);
/// "shop/web": the kind is left out where a table is about workloads anyway.
std::string short_name(const WorkloadId& id);
/// The workload of a party, else the node, else the address.
std::string party_words(const Party& party, const Inventory& inventory);
/// "1.3 mutual", "1.2 ?" where it cannot be told, "-" without TLS.
std::string tls_words(const Conversation& conversation);

}  // namespace nspect::viz
