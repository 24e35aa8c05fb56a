// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/kubernetes/object.h"
#include "model/tls_mode.h"

namespace nspect::ingest {

/// The mode that a word stands for in one language.
using ModeWord = std::pair<std::string_view, TlsMode>;

/// `mode` of a mapping, `missing` where it has none; MX001 for a word that is none of these.
TlsMode read_mode(const Node& parent, std::initializer_list<ModeWord> words, TlsMode missing,
                  Report& report);

/// A version as Istio writes it, "TLSV1_2"; nothing for "TLS_AUTO" and where there is none.
std::optional<std::uint16_t> read_least_version(const Node& parent, std::string_view key,
                                                Report& report);

/// metadata.creationTimestamp; may be empty.
std::string created_at(const Object& object);

}  // namespace nspect::ingest
