// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/ip.h"
#include "model/labels.h"

/// Pieces of YAML that every YAML version reads alike. Inside viz/ only.
namespace nspect::viz {

/// Double-quoted: valid for any text, so label values such as "true" or "1" stay strings.
std::string yaml_quoted(const std::string& text);
/// Plain where YAML 1.1 and 1.2 both read a string, else quoted.
std::string yaml_scalar(const std::string& text);
/// `{}`, or matchLabels and matchExpressions in flow style. Operators that Kubernetes has.
std::string yaml_selector(const Selector& selector);
/// The address blocks that cover a set exactly, as items of a flow sequence.
std::string yaml_blocks(const IpSet& addresses);

}  // namespace nspect::viz
