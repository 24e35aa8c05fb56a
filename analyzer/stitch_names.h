// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/recording.h"

namespace nspect::analyzer {

/// Names by address, for the one question: what had this client asked for?
class NameTable {
public:
    /// `names` must outlive it.
    explicit NameTable(const std::vector<NameSeen>& names);

    /// The last answer to the client itself, else to anyone; "" for none.
    std::string asked(const IpAddress& by, const IpAddress& address, Timestamp before) const;

private:
    using ByTime = std::vector<const NameSeen*>;

    static const NameSeen* last_before(const ByTime& names, Timestamp time);

    std::unordered_map<IpAddress, ByTime> by_address_;
    std::unordered_map<IpAddress, std::unordered_map<IpAddress, ByTime>> by_client_;
};

}  // namespace nspect::analyzer
