// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/result.h"

namespace nspect::cli {

/// Which conversations are asked for: all that every option given lets through.
struct FlowFilterOptions {
    std::string focus;
    std::string from;
    std::string to;
    std::string port;
    std::vector<std::string> outcomes;
};
void declare_flow_filter(CommandLine& line, FlowFilterOptions& options);

using FlowFilter = std::function<bool(const Conversation&)>;
/// An Error when an end is nobody in the inventory, or a value makes no sense.
Result<FlowFilter> flow_filter(const FlowFilterOptions& options, const Inventory& inventory);

}  // namespace nspect::cli
