// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace nspect {

/// What a Loss is of. A recording made by another version may name further kinds: they are kept as
/// they are.
namespace loss_kind {
inline constexpr const char* kernel = "kernel";        ///< packets: the ring was full
inline constexpr const char* interface = "interface";  ///< packets: the interface or its driver
inline constexpr const char* queue = "queue";          ///< sightings: the store did not keep up
inline constexpr const char* table = "table";          ///< names, or flows that left early
inline constexpr const char* target = "target";        ///< a place that was not listened to
/// A target known by no name, its packets recorded all the same: makes no statement unsafe.
inline constexpr const char* name = "name";
inline constexpr const char* file = "file";        ///< the rest of a capture file
inline constexpr const char* damaged = "damaged";  ///< rows of the recording itself
}  // namespace loss_kind

}  // namespace nspect
