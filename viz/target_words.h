// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/recording.h"

/// How targets are called, in tables and pictures alike.
namespace nspect::viz {

/// "(host)", "shop/web-7d", "web"; the beginning of the container's id, or "-", without a name.
std::string target_name(const TargetInfo& target);
/// "shop/web-7d/nginx", "pause (sandbox)".
std::string shared_name(const SharingContainer& container);
/// "TCP 0.0.0.0:80 UDP [::]:53"; "-" when it waits for nobody.
std::string listening_words(const SharingContainer& container);

}  // namespace nspect::viz
