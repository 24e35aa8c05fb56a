// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "capture/decode/link_type.h"

namespace nspect::capture {

/// One instruction of classic BPF, as struct bpf_insn has it.
struct BpfInstruction {
    std::uint16_t code = 0;
    std::uint8_t jump_true = 0;
    std::uint8_t jump_false = 0;
    std::uint32_t k = 0;

    bool operator==(const BpfInstruction&) const = default;
};
using BpfProgram = std::vector<BpfInstruction>;

/// How many bytes of a packet the kernel copies into the ring (a filter's value is the packet's own
/// snap length): what the decoders need and no more. README.md has the table and why.
namespace copy_length {
inline constexpr std::uint32_t head = 256;
inline constexpr std::uint32_t frame = 2048;
inline constexpr std::uint32_t message = 4608;
inline constexpr std::uint32_t handshake = 16384 + 512;
}  // namespace copy_length

/// The program for packets of `link`, never above `limit`. Links that cannot be captured live copy
/// `frame`.
BpfProgram copy_length_program(LinkType link, std::uint32_t limit);

/// `filter` decides whether (its nonzero results), `lengths` how much.
BpfProgram filtered(BpfProgram filter, const BpfProgram& lengths);

}  // namespace nspect::capture
